"""Scanning sequences for motifs by FIMO's rules, to the integer.

FIMO (Grant, Bailey & Noble, Bioinformatics 27:1017, 2011) turns a matrix of log-odds into integers and computes the
exact distribution of their sum under an order-0 background; a hit's score is that sum turned back into bits. The sums
come from lightmotif (SIMD), which holds them in float32 without error (they stay far below 2**24). The reverse strand
is scanned with the same integers turned round. p-values are computed here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import accumulate, chain, islice
from types import TracebackType
from typing import Self, TypeVar

import numpy as np

from cistrace.engines.workers import Workers
from cistrace.errors import MotifError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.motifs.background import Background, load_background
from cistrace.motifs.engine import Engine, RawHits, ScanPlan
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.integer_matrix import integer_matrix
from cistrace.motifs.library import MotifLibrary, load_library
from cistrace.motifs.motif import Motif
from cistrace.motifs.p_values import hit_table

RULES = "fimo-integers-1"  # rises when the same input could give other hits
DEFAULT_P_THRESHOLD = 5e-5
BEST_WORD_P = 1e-4  # of matrices of seven bases, GATA1's among them: one word in 10,000 to 20,000
BATCH_BASES = 200_000  # bases scanned together: long enough for SIMD, short enough for the cache
_Item = TypeVar("_Item")


_worker_engine: Engine | None = None


def _scan_in_worker(plan: ScanPlan, sequences: list[str]) -> RawHits:
    # The plan comes with every batch, small beside it: handed over while a process starts, it would fill the pipe
    # and hang the parent where the child dies first.
    global _worker_engine
    if _worker_engine is None:
        _worker_engine = Engine(plan)
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
    best_word_p : float
        Of a motif so short that no word passes the threshold, the words of the best score are hits where their p-value
        is at most this; 0, as in FIMO, for none.

    Raises
    ------
    MotifError
        If the threshold or the number of threads is out of range, or the library empty.
    """

    def __init__(
        self, library: MotifLibrary, background: Background, p_threshold: float = DEFAULT_P_THRESHOLD, threads: int = 1,
        best_word_p: float = 0,
    ) -> None:  # fmt: skip
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
        self.best_word_p = best_word_p
        self._build(library.motifs)
        self._engine = Engine(self._plan)
        self._workers = Workers(threads)

    def _build(self, motifs: tuple[Motif, ...]) -> None:
        """Integer matrices and p-value tables; all tables lie end to end, indexed by `_table_end - total`."""
        scaled = [integer_matrix(motif, self.background) for motif in motifs]
        tables = [hit_table(matrix, self.background, self.p_threshold, self.best_word_p) for matrix in scaled]
        best = np.array([matrix.best for matrix in scaled], dtype=np.int64)
        sizes = np.array([len(table) for table in tables], dtype=np.int64)
        self._tables = np.concatenate(tables)
        self._table_end = np.cumsum(sizes) - sizes + best
        self._widths = np.array([motif.width for motif in motifs], dtype=np.int64)
        rows = np.concatenate([matrix.entries for matrix in scaled]).astype(np.int32)
        self._plan = ScanPlan(rows, self._widths, best - sizes + 1)
        self._scales = np.array([matrix.scale for matrix in scaled])
        self._offsets = np.array([len(matrix.entries) * matrix.offset for matrix in scaled])
        self._ranks = np.argsort(np.argsort([motif.matrix_id for motif in motifs]))
        self._labels = [(motif.matrix_id, motif.name, motif.families) for motif in motifs]

    @property
    def version(self) -> str:
        """What, beside the library, decides the hits: rules, background and threshold."""
        short = f", best words p<={self.best_word_p:g}" if self.best_word_p > self.p_threshold else ""
        return f"{RULES} background={self.background.name} p<={self.p_threshold:g}{short}"

    def __repr__(self) -> str:
        return f"<Scanner of {self.library!r}: {self.version}, {self.threads} threads>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the worker processes, if any were started. The scanner stays usable."""
        self._workers.close()

    def scan(self, sequences: list[str]) -> list[tuple[MotifHit, ...]]:
        """Hits of each sequence, by start, end, matrix id and strand.

        Parameters
        ----------
        sequences : list of str
            Bases of any length. Windows over letters other than A, C, G, T are not scored.
        """
        each = list(batches(sequences, len))
        return [hits for batch, raw in zip(each, self._raw(iter(each)), strict=True) for hits in self._hits(batch, raw)]

    def iter_hits(self, sequences: Iterable[DnaSequence]) -> Iterator[tuple[DnaSequence, tuple[MotifHit, ...]]]:
        """As `scan`, for a stream of `sequences`, in order and in constant memory: a few batches are held at a time."""
        waiting: deque[list[DnaSequence]] = deque()

        def texts() -> Iterator[list[str]]:
            for batch in batches(sequences, lambda item: len(item.bases)):
                waiting.append(batch)
                yield [item.bases for item in batch]

        for raw in self._raw(texts()):
            batch = waiting.popleft()
            yield from zip(batch, self._hits([item.bases for item in batch], raw), strict=True)

    def _raw(self, texts: Iterator[list[str]]) -> Iterator[RawHits]:
        """Raw hits of each batch, in order."""
        if self.threads == 1:
            return map(self._engine.scan, texts)
        head = list(islice(texts, 2))
        if len(head) < 2:  # a single batch is done before a second process could start
            return map(self._engine.scan, head)
        return self._workers.map(partial(_scan_in_worker, self._plan), chain(head, texts))

    def _hits(self, batch: list[str], raw: RawHits) -> list[tuple[MotifHit, ...]]:
        starts = np.array([0, *accumulate(len(bases) + 1 for bases in batch)], dtype=np.int64)
        owner = np.searchsorted(starts, raw.positions, side="right") - 1
        begin = raw.positions - starts[owner]
        end = begin + self._widths[raw.motifs]
        order = np.lexsort((raw.strands, self._ranks[raw.motifs], end, begin, owner))
        scores = raw.totals / self._scales[raw.motifs] + self._offsets[raw.motifs]
        chances = self._tables[self._table_end[raw.motifs] - raw.totals]
        columns = (begin, end, raw.strands, scores, chances)
        labels = [self._labels[motif] for motif in raw.motifs[order].tolist()]
        made = [
            MotifHit(matrix_id, name, families, start, stop, "-" if reverse else "+", score, chance)
            for (matrix_id, name, families), start, stop, reverse, score, chance in zip(
                labels, *(column[order].tolist() for column in columns), strict=True
            )
        ]
        ends = np.searchsorted(owner[order], np.arange(len(batch)), side="right").tolist()
        return [tuple(made[first:last]) for first, last in zip([0, *ends], ends)]


def card_scanner(threads: int = 1) -> Scanner:
    """The scanner behind every card: the default library at FIMO's background and the default threshold."""
    return Scanner(load_library(), load_background("fimo"), threads=threads)


def site_scanner(threads: int = 1) -> Scanner:
    """The scanner behind sites: as `card_scanner`, and the best words of motifs too short for its threshold."""
    return Scanner(load_library(), load_background("fimo"), threads=threads, best_word_p=BEST_WORD_P)


def batches(items: Iterable[_Item], size: Callable[[_Item], int]) -> Iterator[list[_Item]]:
    """Lists of consecutive items of about BATCH_BASES bases, of which an item has `size`."""
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
