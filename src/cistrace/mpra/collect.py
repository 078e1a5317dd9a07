"""Rows of a table held to the rules of a data set: what is usable is kept, the rest is listed, nothing vanishes."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from cistrace.io.ids import SeenIds
from cistrace.io.regions import reverse_complement
from cistrace.io.sequences import DEFAULT_MINIMUM_LENGTH, base_fault
from cistrace.mpra.columns import number
from cistrace.mpra.loaded import UNKNOWN_LEVEL, Exclusion, LoadedTable
from cistrace.mpra.table import MpraTable

LEVELS = 4
_BLANKS = " \t\r\n"
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Element:
    """A row before its measurements: where it stands, what it is called, its bases in any case, its place."""

    line: int
    id: str
    bases: str
    chromosome: str = ""
    category: str = ""
    split: str = ""


class Collector:
    """Takes rows one by one and gives a `LoadedTable`.

    An element that `admit` takes is kept with what `measure` adds to it; a row is excluded as a whole where its
    bases or id are unusable, where it repeats an earlier row, or where no measurement of it is left.

    Parameters
    ----------
    cell_types : tuple of str
    length : int or None
        Length that every sequence must have, in bp; None takes any from 20 bp on.
    largest_error : float or None
        Measurements whose standard error is not below it are excluded.
    levels : bool
        Whether any cell type has a column of levels.
    """

    def __init__(
        self, cell_types: tuple[str, ...], length: int | None, largest_error: float | None, levels: bool
    ) -> None:
        self.cell_types = cell_types
        self._length = length
        self._largest = largest_error
        self._elements: list[Element] = []
        self._activity = array("d")
        self._levels = array("b") if levels else None
        self._ids = SeenIds()
        self._places: dict[str, int] = {}
        self._mirrored = 0
        self.exclusions: list[Exclusion] = []
        self.numbers = [0] * len(cell_types)
        """How many numbers each cell type's column held, usable or not."""

    def exclude(self, line: int, name: str, reason: str, cell_type: str = "") -> None:
        """List a row, or one of its measurements."""
        self.exclusions.append(Exclusion(line, name, cell_type, reason))

    def name_fault(self, name: str) -> str:
        """Why an id cannot be taken; empty where it can, and then it counts as seen."""
        return self._ids.fault(name)

    def bases_fault(self, bases: str) -> str:
        """Why bases (any case) cannot be taken; empty where they can."""
        bases = bases.strip(_BLANKS)
        if fault := base_fault(bases, DEFAULT_MINIMUM_LENGTH):
            return fault
        if self._length is not None and len(bases) != self._length:
            return f"{len(bases)} bp long, expected {self._length} bp as asked; leave the length out to keep it"
        earlier = self._places.get(bases.upper())
        if earlier is not None:
            return f"has the bases of the earlier row {short(self._elements[earlier].id)!r}, expected each element once"
        return ""

    def admit(self, element: Element) -> int:
        """Keep a usable element, unmeasured so far; its place among the kept ones, from 0."""
        bases = element.bases.strip(_BLANKS).upper()
        place = len(self._elements)
        self._mirrored += reverse_complement(bases) in self._places
        self._places[bases] = place
        self._elements.append(
            Element(element.line, element.id, bases, element.chromosome, element.category, element.split)
        )
        self._activity.extend([math.nan] * len(self.cell_types))
        if self._levels is not None:
            self._levels.extend([UNKNOWN_LEVEL] * len(self.cell_types))
        return place

    def measure(self, place: int, cell: int, activity: float, level: int) -> None:
        """Set one measurement of a kept element."""
        self._activity[place * len(self.cell_types) + cell] = activity
        if self._levels is not None:
            self._levels[place * len(self.cell_types) + cell] = level

    def measured(self, place: int, cell: int) -> bool:
        """Whether a kept element has a value in a cell type."""
        return not math.isnan(self._activity[place * len(self.cell_types) + cell])

    def value(self, cell: int, activity: object, error: object, level: object) -> tuple[float, int, str]:
        """A measurement from its fields: activity (NaN where empty or faulty), level (-1 where empty), fault."""
        try:
            found = number(activity)
        except ValueError:
            return math.nan, UNKNOWN_LEVEL, f"the activity is {short(activity)!r}, expected a number; correct it"
        if math.isnan(found):
            return math.nan, UNKNOWN_LEVEL, ""
        if math.isinf(found):
            return math.nan, UNKNOWN_LEVEL, "the activity is infinite, expected a finite number; correct it"
        self.numbers[cell] += 1
        fault = self._error_fault(error)
        known, level_fault = _level(level)
        if fault or level_fault:
            return math.nan, UNKNOWN_LEVEL, fault or level_fault
        return found, known, ""

    def finish(self, sources: tuple[tuple[str, str], ...], notes: list[str]) -> LoadedTable:
        """Everything taken so far, in the order it came."""
        shape = (len(self._elements), len(self.cell_types))
        activity = np.frombuffer(self._activity, dtype=np.float64).reshape(shape).copy()
        levels = None
        if self._levels is not None:
            levels = np.frombuffer(self._levels, dtype=np.int8).reshape(shape).copy()
        table = MpraTable(
            tuple(element.id for element in self._elements),
            tuple(element.bases for element in self._elements),
            tuple(element.chromosome for element in self._elements),
            tuple(element.category for element in self._elements),
            tuple(element.split for element in self._elements),
            activity,
            self.cell_types,
        )
        lines = tuple(element.line for element in self._elements)
        found = [*_length_note(table.sequences), *notes]
        if self._mirrored:
            found.append(f"reverse complements of an earlier row: {self._mirrored:,}, kept")
        return LoadedTable(table, lines, levels, tuple(self.exclusions), sources, tuple(found))

    def _error_fault(self, error: object) -> str:
        if self._largest is None or error is None:
            return ""
        try:
            found = number(error)
        except ValueError:
            return f"the standard error is {short(error)!r}, expected a number; correct it"
        # An empty one fails too: whether it is below the limit cannot be told.
        if found < self._largest:
            return ""
        held = "empty" if math.isnan(found) else f"{found:g}"
        return f"the standard error is {held}, expected below {self._largest:g}"


def short(value: object) -> str:
    """A field as a message shows it: cut where it is long."""
    text = str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _level(value: object) -> tuple[int, str]:
    """A level from its field, -1 where it is empty, and its fault."""
    try:
        found = number(value)
    except ValueError:
        found = math.inf
    if math.isnan(found):
        return UNKNOWN_LEVEL, ""
    if found not in range(LEVELS):
        return UNKNOWN_LEVEL, f"the level is {short(value)!r}, expected 0, 1, 2, 3 or empty; correct it"
    return int(found), ""


def _length_note(sequences: tuple[str, ...]) -> list[str]:
    """The lengths, the commonest first, then those below and above it; nothing where all are alike."""
    counts = Counter(map(len, sequences))
    if len(counts) < 2:
        return []
    common = max(counts, key=lambda length: (counts[length], length))
    parts = [_share([common], counts, len(sequences))]
    for _, lengths in groupby(sorted(set(counts) - {common}), key=lambda length: length < common):
        parts.append(_share(list(lengths), counts, len(sequences)))
    return [f"lengths: {', '.join(parts)}"]


def _share(lengths: list[int], counts: Counter[int], rows: int) -> str:
    span = f"{lengths[0]}" if len(lengths) == 1 else f"{lengths[0]}-{lengths[-1]}"
    return f"{span} bp ({100 * sum(counts[length] for length in lengths) / rows:.1f} %)"
