"""FIMO's results table (`fimo.tsv`, or its columns as CSV), with q-values, from a stream of scanned sequences.

q-values are Benjamini & Hochberg's (1995), per motif over all windows scanned on both strands, which is FIMO's rule
with the share of true nulls taken as 1. FIMO estimates that share by a bootstrap over a random sample of p-values, so
its q-values vary a little from run to run and are never above these.
"""

from __future__ import annotations

import re
import tempfile
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal, TextIO

import numpy as np
from numpy.typing import NDArray

from cistrace.engines.workers import blocks
from cistrace.errors import MotifError
from cistrace.io.delimited import row_writer
from cistrace.io.disk import temporary_faults
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.regions import reverse_complement
from cistrace.motifs.hit import MotifHit

COLUMNS = (
    "motif_id",
    "motif_alt_id",
    "sequence_name",
    "start",
    "stop",
    "strand",
    "score",
    "p-value",
    "q-value",
    "matched_sequence",
)
TOGETHER = 1000  # sequences of a block
_SCORED = re.compile("[ACGTacgt]+")
_BREAKS = re.compile(r"[\t\r\n]")
RECENT = 128  # p-values of a motif that wait to be counted


@dataclass(frozen=True)
class FimoBlock:
    """What the table needs to know of some sequences.

    Attributes
    ----------
    lines : str
        Their rows, a line each, without q-values and with p-values in full.
    p_values : dict from (matrix id, width) to list of float
        Of every motif's hits.
    runs : Counter
        How often each length of a run of letters A, C, G, T was.
    """

    lines: str
    p_values: dict[tuple[str, int], list[float]]
    runs: Counter[int]


def fimo_block(scanned: Iterable[tuple[DnaSequence, tuple[MotifHit, ...]]]) -> FimoBlock:
    """What the table needs of some scanned sequences, those without hits among them: their windows count too.

    Raises
    ------
    MotifError
        If a hit states no p-value, as on a card in the paper's layout.
    """
    lines: list[str] = []
    p_values: dict[tuple[str, int], list[float]] = {}
    runs: Counter[int] = Counter()
    for sequence, hits in scanned:
        runs.update(match.end() - match.start() for match in _SCORED.finditer(sequence.bases))
        for hit in hits:
            p_values.setdefault((hit.matrix_id, hit.width), []).append(_p_value(sequence, hit))
            lines.append(_waiting_row(sequence, hit))
    return FimoBlock("".join(lines), p_values, runs)


def write_fimo_table(
    scanned: Iterable[tuple[DnaSequence, tuple[MotifHit, ...]]], out: TextIO, delimiter: Literal["\t", ","] = "\t"
) -> int:
    """Write the table of what `Scanner.iter_hits` yields: see `write_fimo_blocks`."""
    return write_fimo_blocks(map(fimo_block, blocks(scanned, TOGETHER)), out, delimiter)


def write_fimo_blocks(found: Iterable[FimoBlock], out: TextIO, delimiter: Literal["\t", ","] = "\t") -> int:
    """Write the table in the order of the stream and return its number of rows.

    Starts and stops are 1-based inclusive, start below stop on either strand; the matched sequence is that of the
    hit's strand; numbers are printed as FIMO prints them. FIMO sorts by p-value: sort the table where that matters.

    Parameters
    ----------
    found : iterable of FimoBlock
        Of all sequences.
    out : text stream
        Written once the stream has ended, since q-values need every hit. Until then rows lie in an unnamed
        temporary file, and memory holds how often each motif had each of its p-values, 16 bytes each.
    delimiter : tab or comma
        TSV has no quotes, as FIMO's; CSV quotes fields that hold commas or quotes. In both, tabs and line ends of a
        sequence's name are blanks.

    Raises
    ------
    OutputError
        There is no room for temporary files.
    """
    runs: Counter[int] = Counter()
    seen: dict[tuple[str, int], PValueCounts] = {}
    rows = 0
    with ExitStack() as stack:
        with temporary_faults():
            waiting = stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", newline=""))
        for block in found:
            runs.update(block.runs)
            for motif, p_values in block.p_values.items():
                if (counts := seen.get(motif)) is None:
                    counts = seen[motif] = PValueCounts()
                counts.add(p_values)
                rows += len(p_values)
            with temporary_faults():
                waiting.write(block.lines)
        q_values = {
            matrix_id: QValues(*counts.counted(), 2 * _windows(runs, width))
            for (matrix_id, width), counts in seen.items()
        }
        write_row = _row_writer(out, delimiter)
        write_row(COLUMNS)
        with temporary_faults():
            waiting.seek(0)  # what was held back is written now
        for line in waiting:
            *first, p_value, matched = line.rstrip("\n").split("\t")
            chance = float(p_value)
            write_row((*first, f"{chance:.3g}", f"{q_values[first[0]].of(chance):.3g}", matched))
    return rows


def _row_writer(out: TextIO, delimiter: Literal["\t", ","]) -> Callable[[Iterable[str]], object]:
    if delimiter == ",":
        return row_writer(out)
    return lambda row: out.write("\t".join(row) + "\n")


class PValueCounts:
    """How often one motif had each p-value: 16 bytes a value, of which its table of totals has some hundreds."""

    def __init__(self) -> None:
        self._recent: list[float] = []
        self._values: NDArray[np.float64] = np.empty(0)
        self._counts: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def add(self, p_values: list[float]) -> None:
        """Count some more."""
        self._recent += p_values
        if len(self._recent) >= RECENT:
            self._merge()

    def counted(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The p-values, rising, and how often each was counted: float64 (N,), int64 (N,)."""
        self._merge()
        return self._values, self._counts

    def _merge(self) -> None:
        every = np.concatenate([self._values, self._recent])
        weights = np.concatenate([self._counts, np.ones(len(self._recent), dtype=np.int64)])
        self._values, places = np.unique(every, return_inverse=True)
        self._counts = np.zeros(len(self._values), dtype=np.int64)
        np.add.at(self._counts, places, weights)
        self._recent.clear()


def benjamini_hochberg(
    p_values: NDArray[np.float64], counts: NDArray[np.int64], tests: int
) -> NDArray[np.float64]:  # fmt: skip
    """q-value of each p-value: float64 (N,).

    Parameters
    ----------
    p_values : ndarray, float64, shape (N,)
        Distinct and rising; every p-value up to the largest must be among them.
    counts : ndarray, int64, shape (N,)
        How often each was seen.
    tests : int
        Number of tests, those with larger p-values included.
    """
    raw = p_values * tests / np.cumsum(counts)
    return np.minimum(1.0, np.minimum.accumulate(raw[::-1])[::-1])


class QValues:
    """The q-values of one motif, to look up by p-value; parameters as `benjamini_hochberg` has them."""

    def __init__(self, p_values: NDArray[np.float64], counts: NDArray[np.int64], tests: int) -> None:
        self._p_values = array("d", p_values)
        self._q_values = array("d", benjamini_hochberg(p_values, counts, tests))

    def of(self, p_value: float) -> float:
        """Of a p-value that was counted."""
        return self._q_values[bisect_left(self._p_values, p_value)]


def _windows(runs: Counter[int], width: int) -> int:
    """Windows of a width in runs of unambiguous letters, given how many runs there are of each length."""
    return sum(count * max(0, length - width + 1) for length, count in runs.items())


def _p_value(sequence: DnaSequence, hit: MotifHit) -> float:
    if hit.p_value is None:
        raise MotifError(f"{sequence.id}: hit of {hit.name} states no p-value, expected one; scan the sequence")
    return hit.p_value


def _waiting_row(sequence: DnaSequence, hit: MotifHit) -> str:
    """A row without its q-value, its p-value in full."""
    matched = sequence.bases[hit.start : hit.end]
    if hit.strand == "-":
        matched = reverse_complement(matched)
    alternate = "" if hit.name == hit.matrix_id else hit.name
    name = _BREAKS.sub(" ", sequence.id)
    place = f"{name}\t{hit.start + 1}\t{hit.end}\t{hit.strand}"
    return f"{hit.matrix_id}\t{alternate}\t{place}\t{hit.score:g}\t{hit.p_value!r}\t{matched}\n"
