"""Tables of one row a sequence and cell type: rows of the same element are joined."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from cistrace.errors import InputError
from cistrace.mpra.collect import Collector, Element
from cistrace.mpra.columns import Cell, FormatColumns, letters, text_of
from cistrace.mpra.rows import TableRow

CELL_NAMES = ("cell_type", "celltype")
ACTIVITY_NAMES = ("activity", "log2_rna_dna", "log2fc", "expression")
_LISTED = 12


def cells_of(cells: tuple[Cell, ...], rows: Sequence[TableRow], column: str, source: str) -> tuple[Cell, ...]:
    """The cell types asked for.

    Raises
    ------
    InputError
        None is asked for; the message lists those of the first rows.
    """
    if cells:
        return cells
    there = dict.fromkeys(text_of(row.values.get(column)) for row in rows if not row.fault)
    listed = ", ".join(repr(name[:40]) for name in list(there)[:_LISTED])
    raise InputError(f"{source}: no cell type is asked for; found {listed} in column {column!r}; name some of these")


class Joiner:
    """Brings the rows of an element together in a collector. Every row is a measurement, kept or excluded.

    Parameters
    ----------
    plan : FormatColumns
        Of its columns sequence, id, chromosome, split, category; the first of activity and levels.
    column : str
        Names the cell type.
    cells : tuple of Cell
        Those asked for. A column given with a name is how the file spells the cell type.
    """

    def __init__(self, plan: FormatColumns, column: str, cells: tuple[Cell, ...], collector: Collector) -> None:
        self._plan = plan
        self._column = column
        self._cells = {_key(cell.column or cell.name): place for place, cell in enumerate(cells)}
        self._names = [cell.name for cell in cells]
        self._collector = collector
        self._faults: dict[tuple[str, str], str] = {}
        self._places: dict[tuple[str, str], int] = {}
        self._others: Counter[str] = Counter()

    def join(self, rows: Iterator[TableRow]) -> list[str]:
        """Take every row; what there is to note."""
        for count, row in enumerate(rows, start=1):
            if row.fault:
                self._collector.exclude(row.line, f"row{count}", row.fault)
                continue
            spelled = text_of(row.values.get(self._column))
            cell = self._cells.get(_key(spelled))
            if cell is None:
                self._others[spelled] += 1
            else:
                self._take(row, self._element(row, count), cell)
        if not self._others:
            return []
        listed = ", ".join(f"{name[:40]!r} {times:,}" for name, times in self._others.most_common(_LISTED))
        return [f"rows of cell types not asked for: {self._others.total():,} ({listed})"]

    def _element(self, row: TableRow, count: int) -> Element:
        get, plan = row.values.get, self._plan
        chromosome, category, split = (
            "" if column is None else text_of(get(column)).strip()
            for column in (plan.chromosome, plan.category, plan.split)
        )
        name = f"row{count}" if plan.id is None else text_of(get(plan.id))
        bases = text_of(get(plan.sequence or "")).strip().upper()
        return Element(row.line, name, bases, chromosome, category, split)

    def _take(self, row: TableRow, element: Element, cell: int) -> None:
        level = self._plan.levels[0]
        activity, known, fault = self._collector.value(
            cell, row.values.get(self._plan.activity[0]), None, row.values.get(level) if level else None
        )
        if not fault and math.isnan(activity):
            fault = "the activity is empty, expected a number"
        place, element_fault = self._place(element, admit=not fault)
        fault = element_fault or fault
        if not fault and self._collector.measured(place, cell):
            fault = "measured before in this cell type, expected one row; remove one"
        if fault:
            name = element.id if element.id.strip() else f"row at line {element.line}"
            self._collector.exclude(element.line, name, fault, self._names[cell])
        else:
            self._collector.measure(place, cell, activity, known)

    def _place(self, element: Element, *, admit: bool) -> tuple[int, str]:
        """Where an element is kept (-1 where it is not), and why it cannot be."""
        # Without ids the bases alone say which rows belong together.
        key = ("" if self._plan.id is None else element.id, element.bases)
        if key in self._places:
            return self._places[key], ""
        if key not in self._faults:
            self._faults[key] = self._collector.name_fault(element.id)
        fault = self._faults[key] or self._collector.bases_fault(element.bases)
        if fault or not admit:
            return -1, fault
        self._places[key] = self._collector.admit(element)
        return self._places[key], ""


def _key(name: str) -> str:
    return letters(name) or name.strip()
