"""Predicted activities along a genome: a bigWig track a cell type.

A base has the mean of the activities of the windows that cover it. Windows come in the order of the input, which need
not be the genome's: they wait, sorted, in a temporary file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import groupby
from math import fsum, inf
from pathlib import Path
from typing import Any

from cistrace.errors import InputError
from cistrace.io.bigwig import write_bigwig
from cistrace.io.disk import SortedOnDisk
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.files import placed_together

Draw = Callable[[dict[str, Any], DnaSequence], None]
"""Adds a prediction, a `prediction_object`, of a sequence."""

ENDING = ".bw"


def track_path(prefix: Path, cell_type: str) -> Path:
    """`PREFIX.CELL.bw`, or `CELL.bw` in a folder; letters that a file name cannot be trusted with are `_`."""
    cell = re.sub(r"[^A-Za-z0-9_.+-]", "_", cell_type).lstrip(".") or "_"
    return prefix / f"{cell}{ENDING}" if prefix.is_dir() else prefix.with_name(f"{prefix.name}.{cell}{ENDING}")


@contextmanager
def track_output(prefix: Path, lengths: Mapping[str, int], cell_types: tuple[str, ...]) -> Iterator[Draw]:
    """Give the function that adds a prediction; the tracks are written at the end, all or none.

    A cell type without a window has no track.

    Parameters
    ----------
    prefix : Path
        The files are `track_path` of it and the cell types.
    lengths : mapping of str to int
        bp of the genome's contigs, in its order.
    cell_types : tuple of str
        That predictions are of.

    Raises
    ------
    InputError
        A sequence that was not cut out of a genome.
    OutputError
        A track cannot be written.
    """
    contigs, waiting = list(lengths), SortedOnDisk()
    number_of = {contig: number for number, contig in enumerate(contigs)}
    track_of = {cell: number for number, cell in enumerate(cell_types)}

    def add(row: dict[str, Any], sequence: DnaSequence) -> None:
        contig, start, end = covered(row, sequence)
        waiting.add(
            track_of[row["cell_type"]] * len(contigs) + number_of[contig], start, f"{end} {row['activity']!r}"
        )  # fmt: skip

    yield add
    with placed_together():
        for track, rows in groupby(waiting, lambda row: row[0] // len(contigs)):
            values = (
                (contigs[first % len(contigs)], *mean)
                for first, several in groupby(rows, lambda row: row[0])
                for mean in means(_window(start, text) for _, start, text in several)
            )
            write_bigwig(track_path(prefix, cell_types[track]), lengths, values)


def covered(row: dict[str, Any], sequence: DnaSequence) -> tuple[str, int, int]:
    """Contig, start and end (0-based, half-open) on the genome of the stretch that a prediction describes.

    Raises
    ------
    InputError
        The sequence was not cut out of a genome.
    """
    place = sequence.place
    if place is None:
        raise InputError(f"sequence {sequence.id!r}: has no place on a genome; expected a region of a BED file")
    first, last = row["start"] - 1, row["end"]
    if place.strand == "-":
        return place.contig, place.end - last, place.end - first
    return place.contig, place.start + first, place.start + last


def means(windows: Iterable[tuple[int, int, float]]) -> Iterator[tuple[int, int, float]]:
    """Stretches (0-based, half-open) between the windows' ends, each with the mean of those that cover it.

    Parameters
    ----------
    windows : iterable of (start, end, value)
        By rising start, none empty. Bases that none covers are left out.
    """
    under_way: list[tuple[int, float]] = []  # ends and values, a heap
    at = 0
    for start, end, value in windows:
        yield from _until(start, at, under_way)
        at = start
        heappush(under_way, (end, value))
    yield from _until(inf, at, under_way)


def _until(stop: float, at: int, under_way: list[tuple[int, float]]) -> Iterator[tuple[int, int, float]]:
    """The stretches from `at` to where the next window starts; windows that end before it leave."""
    while under_way and at < stop:
        end = int(min(stop, under_way[0][0]))
        yield at, end, fsum(value for _, value in under_way) / len(under_way)
        at = end
        while under_way and under_way[0][0] <= at:
            heappop(under_way)


def _window(start: int, text: str) -> tuple[int, int, float]:
    end, activity = text.split()
    return start, int(end), float(activity)
