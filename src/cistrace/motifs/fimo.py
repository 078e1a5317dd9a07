"""FIMO's results table (`fimo.tsv`, or its columns as CSV), with q-values, from a stream of scanned sequences.

q-values are Benjamini & Hochberg's (1995), per motif over all windows scanned on both strands, which is FIMO's rule
with the share of true nulls taken as 1. FIMO estimates that share by a bootstrap over a random sample of p-values, so
its q-values vary a little from run to run and are never above these.
"""

from __future__ import annotations

import csv
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Literal, TextIO

from cistrace.errors import MotifError
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
_SCORED = re.compile("[ACGTacgt]+")
_BREAKS = re.compile(r"[\t\r\n]")


def write_fimo_table(
    scanned: Iterable[tuple[DnaSequence, tuple[MotifHit, ...]]], out: TextIO, delimiter: Literal["\t", ","] = "\t"
) -> int:
    """Write the table in the order of the stream and return its number of rows.

    Starts and stops are 1-based inclusive, start below stop on either strand; the matched sequence is that of the
    hit's strand; numbers are printed as FIMO prints them. FIMO sorts by p-value: sort the table where that matters.

    Parameters
    ----------
    scanned : iterable of (DnaSequence, hits)
        What `Scanner.iter_hits` yields. Sequences without hits belong in it: their windows count for the q-values.
    out : text stream
        Written once the stream has ended, since q-values need every hit. Until then rows lie in an unnamed
        temporary file, and memory holds one counter per motif over its distinct p-values.
    delimiter : tab or comma
        TSV has no quotes, as FIMO's; CSV quotes fields that hold commas or quotes. In both, tabs and line ends of a
        sequence's name are blanks.

    Raises
    ------
    MotifError
        If a hit states no p-value, as on a card in the paper's layout.
    """
    runs: Counter[int] = Counter()
    seen: dict[tuple[str, int], Counter[float]] = {}
    rows = 0
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as waiting:
        for sequence, hits in scanned:
            runs.update(match.end() - match.start() for match in _SCORED.finditer(sequence.bases))
            for hit in hits:
                seen.setdefault((hit.matrix_id, hit.width), Counter())[_p_value(sequence, hit)] += 1
                waiting.write(_waiting_row(sequence, hit))
                rows += 1
        q_values = {
            matrix_id: benjamini_hochberg(counts, 2 * _windows(runs, width))
            for (matrix_id, width), counts in seen.items()
        }
        write_row = _row_writer(out, delimiter)
        write_row(COLUMNS)
        waiting.seek(0)
        for line in waiting:
            *first, p_value, matched = line.rstrip("\n").split("\t")
            chance = float(p_value)
            write_row((*first, f"{chance:.3g}", f"{q_values[first[0]][chance]:.3g}", matched))
    return rows


def _row_writer(out: TextIO, delimiter: Literal["\t", ","]) -> Callable[[Iterable[str]], object]:
    if delimiter == ",":
        return csv.writer(out, lineterminator="\n").writerow
    return lambda row: out.write("\t".join(row) + "\n")


def benjamini_hochberg(counts: Counter[float], tests: int) -> dict[float, float]:
    """q-value of each p-value.

    Parameters
    ----------
    counts : Counter
        How often each p-value was seen; every p-value up to the largest must be in it.
    tests : int
        Number of tests, those with larger p-values included.
    """
    found: dict[float, float] = {}
    rank = sum(counts.values())
    lowest = 1.0
    for p_value in sorted(counts, reverse=True):
        lowest = min(lowest, p_value * tests / rank)
        found[p_value] = lowest
        rank -= counts[p_value]
    return found


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
