"""Scanning sequences for motifs by FIMO's rules, to the integer.

FIMO (Grant, Bailey & Noble, Bioinformatics 27:1017, 2011) turns a matrix of log-odds into integers and computes the
exact distribution of their sum under an order-0 background; a hit's score is that sum turned back into bits. The sums
come from lightmotif (SIMD), which holds them in float32 without error (they stay far below 2**24). The reverse strand
is scanned with the same integers turned round. p-values are computed here.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import accumulate, chain, islice
from multiprocessing import get_context
from types import TracebackType
from typing import Self, TypeVar

import numpy as np
from lightmotif.lib import ScoringMatrix, stripe
from lightmotif.lib import scan as scan_striped

from cistrace.errors import CistraceError, MotifError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.library import LETTERS, Background, Motif, MotifLibrary

RULES = "fimo-integers-1"  # rises when the same input could give other hits
DEFAULT_P_THRESHOLD = 5e-5
SCORE_RANGE = 1000  # FIMO's integers per matrix entry run from 0 to about this
FIRST_DEFICIT = 1500  # where the p-value tables are first cut; they double until they reach the threshold
BATCH_BASES = 200_000  # bases scanned together: long enough for SIMD, short enough for the cache
AMBIGUOUS = -1e6  # entry of N: no window over one can pass any threshold

# Everything but A, C, G and T (of either case) reads as N.
_TO_ACGTN = bytes(ord(c) if (c := chr(code).upper()) in LETTERS else ord("N") for code in range(256))

# All integer matrices end to end (sum of widths, 4), their widths, and the lowest sum of a hit of each.
_Plan = tuple[np.ndarray, np.ndarray, np.ndarray]
# Of every hit: matrix index, strand (1 is reverse), position in the joined sequences, sum.
_Raw = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
_Item = TypeVar("_Item")


@dataclass(frozen=True, eq=False)
class IntegerMatrix:
    """A log-odds matrix as FIMO scales it.

    Attributes
    ----------
    entries : ndarray, int64, shape (width, 4)
        round((bits - offset) x scale), columns A, C, G, T; never negative.
    scale, offset : float
        Whole numbers. The score of a window in bits is sum / scale + width x offset.
    """

    entries: np.ndarray
    scale: float
    offset: float

    @property
    def best(self) -> int:
        """The highest sum a window can reach."""
        return int(self.entries.max(axis=1).sum())

    def bits(self, total: int) -> float:
        """Score in bits of a window whose entries sum to `total`."""
        return total / self.scale + len(self.entries) * self.offset


def integer_matrix(motif: Motif, background: Background) -> IntegerMatrix:
    """FIMO's integers: pseudocount, log2 odds, offset = floor(min), scale = floor(1000 / (max - offset))."""
    bits = motif.log_odds(background).bits
    low, high = float(bits.min()), float(bits.max())
    if low == high:  # a matrix that says nothing: FIMO lets its range start at zero
        low = high - 1.0
    offset = float(np.floor(low))
    scale = float(np.floor(SCORE_RANGE / (high - offset)))
    return IntegerMatrix(np.rint((bits - offset) * scale).astype(np.int64), scale, offset)


def p_values(matrix: IntegerMatrix, background: Background, limit: int | None = None) -> np.ndarray:
    """Tail probabilities of the sums of an integer matrix, by dynamic programming over its rows.

    Parameters
    ----------
    limit : int, optional
        Largest deficit wanted; all of them by default. The values are exact wherever the table ends, since
        the deficit of a word only grows from row to row.

    Returns
    -------
    ndarray, float64, shape (limit + 1,)
        Entry d is the probability of a window of background letters scoring at least `matrix.best - d`.
    """
    deficits = matrix.entries.max(axis=1, keepdims=True) - matrix.entries
    size = min(int(deficits.max(axis=1).sum()), limit if limit is not None else np.iinfo(np.int64).max) + 1
    density = np.zeros(size)
    density[0] = 1.0
    for row in deficits.tolist():
        grown = np.zeros(size)
        for shift, share in zip(row, background.frequencies, strict=True):
            if shift < size:
                grown[shift:] += share * density[: size - shift]
        density = grown
    return np.minimum(np.cumsum(density), 1.0)


def _table_to(threshold: float, matrix: IntegerMatrix, background: Background) -> np.ndarray:
    """The p-values up to the threshold, by rising deficit; empty where even the best word does not pass."""
    limit = FIRST_DEFICIT
    while True:
        table = p_values(matrix, background, limit)
        if table[-1] > threshold or len(table) <= limit:
            return table[: int(np.searchsorted(table, threshold, side="right"))]
        limit *= 2


class _Engine:
    """The matrices that can reach the threshold, both ways round, ready for lightmotif. One per process."""

    def __init__(self, plan: _Plan) -> None:
        rows, widths, floors = plan
        self._passes = []
        for index, entries in enumerate(np.split(rows, np.cumsum(widths)[:-1])):
            floor = int(floors[index])
            if floor <= int(entries.max(axis=1).sum()):
                self._passes.append((index, 0, _scoring_matrix(entries), float(floor)))
                self._passes.append((index, 1, _scoring_matrix(entries[::-1, ::-1]), float(floor)))
        self._padding = "N" * (int(widths.max()) + 1)

    def scan(self, sequences: list[str]) -> _Raw:
        """The raw hits of a batch."""
        # One N between two sequences keeps every window from running over the seam.
        joined = "N".join(sequences) + self._padding
        text = joined.encode("ascii", "replace").translate(_TO_ACGTN).decode("ascii")
        striped = stripe(text)
        motifs: list[int] = []
        strands: list[int] = []
        positions: list[int] = []
        totals: list[float] = []
        for index, strand, matrix, floor in self._passes:
            hits = list(scan_striped(matrix, striped, threshold=floor))
            if hits:
                motifs += [index] * len(hits)
                strands += [strand] * len(hits)
                positions += [hit.position for hit in hits]
                totals += [hit.score for hit in hits]
        return (
            np.array(motifs, dtype=np.int32),
            np.array(strands, dtype=np.int8),
            np.array(positions, dtype=np.int64),
            np.array(totals, dtype=np.float64).astype(np.int64),
        )


def _scoring_matrix(entries: np.ndarray) -> ScoringMatrix:
    columns = {letter: entries[:, i].tolist() for i, letter in enumerate(LETTERS)}
    return ScoringMatrix({**columns, "N": [AMBIGUOUS] * len(entries)})


_worker_engine: _Engine | None = None


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _answer() -> bool:
    """Shows that a worker has started."""
    return True


def _scan_in_worker(plan: _Plan, sequences: list[str]) -> _Raw:
    # The plan comes with every batch, small beside it: handed over while a process starts, it would fill the pipe
    # and hang the parent where the child dies first.
    global _worker_engine
    if _worker_engine is None:
        _worker_engine = _Engine(plan)
    return _worker_engine.scan(sequences)


class Scanner:
    """Finds the hits of every motif of a library.

    Parameters
    ----------
    library : MotifLibrary
    background : Background
        For the log-odds and for the p-values, as in FIMO.
    p_threshold : float
        Largest p-value of a hit, 0 < p_threshold <= 1; inclusive, as in FIMO.
    threads : int
        Cores to use. More than one starts that many processes with the first call that has more than one batch
        of work; a program must then guard its entry with `if __name__ == "__main__"`. Close the scanner (or use it
        in a `with` block) to end them.

    Raises
    ------
    MotifError
        If the threshold or the number of threads is out of range, or the library empty.
    """

    def __init__(
        self, library: MotifLibrary, background: Background, p_threshold: float = DEFAULT_P_THRESHOLD, threads: int = 1
    ) -> None:
        if not 0 < p_threshold <= 1:
            raise MotifError(f"p-value threshold: found {p_threshold:g}, expected 0 < p <= 1; choose such a number")
        if not library.motifs:
            raise MotifError(f"motif library {library.name!r}: found no motif, expected at least one; choose another")
        if threads < 1:
            raise MotifError(f"threads: found {threads}, expected at least 1; choose such a number")
        self.library = library
        self.background = background
        self.p_threshold = p_threshold
        self.threads = threads
        self._build(library.motifs)
        self._engine = _Engine(self._plan)
        self._pool: ProcessPoolExecutor | None = None

    def _build(self, motifs: tuple[Motif, ...]) -> None:
        """Integer matrices and p-value tables; all tables lie end to end, indexed by `_table_end - total`."""
        scaled = [integer_matrix(motif, self.background) for motif in motifs]
        tables = [_table_to(self.p_threshold, matrix, self.background) for matrix in scaled]
        best = np.array([matrix.best for matrix in scaled], dtype=np.int64)
        sizes = np.array([len(table) for table in tables], dtype=np.int64)
        self._tables = np.concatenate(tables)
        self._table_end = np.cumsum(sizes) - sizes + best
        self._widths = np.array([motif.width for motif in motifs], dtype=np.int64)
        rows = np.concatenate([matrix.entries for matrix in scaled]).astype(np.int32)
        self._plan: _Plan = (rows, self._widths, best - sizes + 1)
        self._scales = np.array([matrix.scale for matrix in scaled])
        self._offsets = np.array([len(matrix.entries) * matrix.offset for matrix in scaled])
        self._ranks = np.argsort(np.argsort([motif.matrix_id for motif in motifs]))
        self._labels = [(motif.matrix_id, motif.name, motif.families) for motif in motifs]

    @property
    def version(self) -> str:
        """What, beside the library, decides the hits: rules, background and threshold."""
        return f"{RULES} background={self.background.name} p<={self.p_threshold:g}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the worker processes, if any were started. The scanner stays usable."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def scan(self, sequences: list[str]) -> list[tuple[MotifHit, ...]]:
        """Hits of each sequence, by start, end, matrix id and strand.

        Parameters
        ----------
        sequences : list of str
            Bases of any length. Windows over letters other than A, C, G, T are not scored.
        """
        batches = list(_batches(sequences, len))
        return [
            hits
            for batch, raw in zip(batches, self._raw(iter(batches)), strict=True)
            for hits in self._hits(batch, raw)
        ]

    def iter_hits(self, sequences: Iterable[DnaSequence]) -> Iterator[tuple[DnaSequence, tuple[MotifHit, ...]]]:
        """The same for a stream, in order and in constant memory: a few batches are held at a time."""
        waiting: deque[list[DnaSequence]] = deque()

        def texts() -> Iterator[list[str]]:
            for batch in _batches(sequences, lambda item: len(item.bases)):
                waiting.append(batch)
                yield [item.bases for item in batch]

        for raw in self._raw(texts()):
            batch = waiting.popleft()
            yield from zip(batch, self._hits([item.bases for item in batch], raw), strict=True)

    def _raw(self, batches: Iterator[list[str]]) -> Iterator[_Raw]:
        """Raw hits of each batch, in order."""
        if self.threads == 1:
            return map(self._engine.scan, batches)
        head = list(islice(batches, 2))
        if len(head) < 2:  # a single batch is done before a second process could start
            return map(self._engine.scan, head)
        return self._raw_from_workers(chain(head, batches))

    def _raw_from_workers(self, batches: Iterator[list[str]]) -> Iterator[_Raw]:
        pending: deque[Future[_Raw]] = deque()
        try:
            pool = self._workers()
            for batch in batches:
                pending.append(pool.submit(_scan_in_worker, self._plan, batch))
                if len(pending) > 2 * self.threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        except BrokenProcessPool as error:
            self.close()
            raise CistraceError(
                f"scanning with {self.threads} threads: a worker process ended early, expected it to stay; guard the"
                " program's entry with 'if __name__ == \"__main__\"', free memory, or use 1 thread"
            ) from error

    def _workers(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Processes, because lightmotif's scan keeps the GIL; spawned, because a fork of a process in which
            # torch has threads can hang.
            self._pool = ProcessPoolExecutor(
                self.threads, mp_context=get_context("spawn"), initializer=_leave_interrupts_to_parent
            )
            # A worker dies as it starts in a program that does not guard its entry. Batches in the pipe by then can
            # fill it and hang the parent (CPython issue 94777), so nothing is sent before one has answered.
            self._pool.submit(_answer).result()
        return self._pool

    def _hits(self, batch: list[str], raw: _Raw) -> list[tuple[MotifHit, ...]]:
        motifs, strands, positions, totals = raw
        starts = np.array([0, *accumulate(len(bases) + 1 for bases in batch)], dtype=np.int64)
        owner = np.searchsorted(starts, positions, side="right") - 1
        begin = positions - starts[owner]
        end = begin + self._widths[motifs]
        order = np.lexsort((strands, self._ranks[motifs], end, begin, owner))
        scores = totals / self._scales[motifs] + self._offsets[motifs]
        chances = self._tables[self._table_end[motifs] - totals]
        columns = (begin, end, strands, scores, chances)
        labels = [self._labels[motif] for motif in motifs[order].tolist()]
        made = [
            MotifHit(matrix_id, name, families, start, stop, "-" if reverse else "+", score, chance, None)
            for (matrix_id, name, families), start, stop, reverse, score, chance in zip(
                labels, *(column[order].tolist() for column in columns), strict=True
            )
        ]
        ends = np.searchsorted(owner[order], np.arange(len(batch)), side="right").tolist()
        return [tuple(made[first:last]) for first, last in zip([0, *ends], ends)]


def _batches(items: Iterable[_Item], size: Callable[[_Item], int]) -> Iterator[list[_Item]]:
    """Lists of consecutive items of about BATCH_BASES bases."""
    batch: list[_Item] = []
    bases = 0
    for item in items:
        batch.append(item)
        bases += size(item) + 1
        if bases >= BATCH_BASES:
            yield batch
            batch, bases = [], 0
    if batch:
        yield batch
