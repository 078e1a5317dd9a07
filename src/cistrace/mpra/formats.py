"""MPRA tables of several formats as `LoadedTable`.

| format | file |
|---|---|
| `table` | any table, one activity column a cell type, or one row a sequence and cell type (`cell_type`, `activity`) |
| `joint-lentimpra` | measurements and elements of Agarwal et al. 2025 |
| `gosai` | supplementary table 2 of Gosai et al. 2024 |
| `reglm` | CSV as regLM has it (Lal et al. 2024) |
| `lentimpra` | one cell type a file, as human_legnet reads it |

`cistrace.mpra.format_columns` says what is known of the published ones, and from where.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from cistrace.errors import InputError
from cistrace.io.hashes import file_hash
from cistrace.io.streams import file_faults, shown
from cistrace.mpra import long_form
from cistrace.mpra.chromosomes import chromosome_name
from cistrace.mpra.collect import Collector, Element
from cistrace.mpra.columns import (
    PEEK,
    Cell,
    FormatColumns,
    TableColumns,
    header_of,
    named,
    parse_cells,
    text_of,
)
from cistrace.mpra.element_file import Library, read_library, strip_adapters
from cistrace.mpra.format_columns import FORMATS, cells_of, columns_of_format, header_names
from cistrace.mpra.loaded import LoadedTable
from cistrace.mpra.rows import TableRow, read_rows

LARGEST_ERROR = 1.0
"""Gosai et al. keep log2 fold changes whose standard errors are below this."""

GOSAI_VAL = frozenset({"chr19", "chr21", "chrX"})
GOSAI_TEST = frozenset({"chr7", "chr13"})
FOLD_SPLITS = {**{str(fold): "train" for fold in range(1, 9)}, "9": "val", "10": "test"}

_NO_COLUMNS = TableColumns()


def read_table(
    path: str | Path,
    table_format: str = "table",
    *,
    elements: str | Path | None = None,
    cell_types: Sequence[str] = (),
    columns: TableColumns = _NO_COLUMNS,
    length: int | None = None,
    largest_error: float | None = LARGEST_ERROR,
) -> LoadedTable:
    """Read an MPRA table.

    Rows of the table and exclusions of whole rows together are the rows of the file. In the long form every row is a
    measurement instead, and is kept, excluded, or of a cell type not asked for. A table of which no row is usable
    comes back empty.

    Parameters
    ----------
    path : str or Path
        CSV, TSV, JSONL (plain or gzip), Parquet or XLSX.
    table_format : str
        One of `FORMATS`.
    elements : str or Path, optional
        `joint-lentimpra` alone: its elements, FASTA or design table. Adapters are stripped where they are.
    cell_types : names or `CELL=COLUMN`
        The name given is the cell type's name from then on. In the long form COLUMN is how the file spells it.
        Published formats of several cell types know their own where none is asked.
    columns : TableColumns
    length : int, optional
        Exclude sequences of any other length, bp.
    largest_error : float or None
        `gosai` alone: measurements whose standard error is not below it are excluded; None reads no errors.

    Returns
    -------
    LoadedTable
        Activity in the table's units. Splits as the column says; in `gosai` as published; in `lentimpra` from the
        fold. Chromosomes as the column has them, in `gosai` with `chr` before them.

    Raises
    ------
    InputError
        Faults of a file, a missing column, no cell types, a cell type of which no row holds a number.
    """
    if table_format not in FORMATS:
        raise InputError(f"format {table_format!r}: is not known, expected {', '.join(FORMATS)}; choose one")
    if elements is not None and table_format != "joint-lentimpra":
        raise InputError(f"{shown(elements)}: format {table_format!r} has no element file; leave it out")
    opened = _open(path, table_format, columns)
    if table_format == "table" and (long := _long_columns(opened)):
        return replace(_read_long(opened, long, cell_types, columns, length), sources=_hashed(path))
    cells = cells_of(table_format, cell_types, opened.header, opened.first, opened.source)
    limit = largest_error if table_format == "gosai" else None
    plan = columns_of_format(
        table_format,
        opened.header,
        cells,
        columns,
        opened.first,
        opened.source,
        bases=elements is None,
        largest_error=limit,
    )
    library = None if elements is None else read_library(elements)
    collector = Collector(_names(cells), length, limit, levels=any(plan.levels))
    notes = _collect(opened, table_format, plan, library, collector)
    _check_numbers(collector, [f"column {name!r}" for name in plan.activity], opened.source)
    return collector.finish(_hashed(path, elements), notes)


@dataclass(frozen=True, eq=False)
class _Opened:
    """A table under way: its name, its columns, the rows looked at already, and all its rows."""

    source: str
    header: list[str]
    first: list[TableRow]
    rows: Iterator[TableRow]


def _open(path: str | Path, table_format: str, columns: TableColumns) -> _Opened:
    rows = read_rows(path, asked=header_names(table_format, columns), sheet=columns.sheet)
    first = list(islice(rows, PEEK))
    return _Opened(shown(path), header_of(first), first, chain(first, rows))


def _collect(
    opened: _Opened, table_format: str, plan: FormatColumns, library: Library | None, collector: Collector
) -> list[str]:
    """Every row to the collector; what there is to note."""
    for count, row in enumerate(opened.rows, start=1):
        if row.fault:
            collector.exclude(row.line, f"row{count}", row.fault)
            continue
        element, fault = _element(row, count, table_format, plan, library)
        values = _values(row, plan, collector)
        name = element.id if element.id.strip() else f"row{count}"
        if plan.reverse is not None and text_of(row.values.get(plan.reverse)).strip() == "1":
            reason = f"is marked in {plan.reverse!r} as an added reverse complement, expected elements as measured"
            collector.exclude(row.line, name, reason)
            continue
        fault = collector.name_fault(element.id) or fault or collector.bases_fault(element.bases)
        if not fault:
            for cell, (_, _, reason) in zip(collector.cell_types, values):
                if reason:
                    collector.exclude(row.line, name, reason, cell)
            if all(math.isnan(activity) for activity, _, _ in values):
                fault = "no measurement is left in any cell type, expected one; add it or remove the row"
        if fault:
            collector.exclude(row.line, name, fault)
        else:
            place = collector.admit(element)
            for cell_place, (activity, level, _) in enumerate(values):
                collector.measure(place, cell_place, activity, level)
    return _format_notes(table_format, plan, library)


def _element(
    row: TableRow, count: int, table_format: str, plan: FormatColumns, library: Library | None
) -> tuple[Element, str]:
    """A row without its measurements, and why its bases cannot be had."""
    get = row.values.get
    name = f"row{count}" if plan.id is None else text_of(get(plan.id))
    bases, fault = "" if plan.sequence is None else text_of(get(plan.sequence)), ""
    chromosome, category, split = (
        "" if column is None else text_of(get(column)).strip()
        for column in (plan.chromosome, plan.category, plan.split)
    )
    if library is not None:
        found, fault = library.find(name)
        bases, chromosome, category = found.bases, chromosome or found.chromosome, category or found.category
    if table_format == "joint-lentimpra" and not fault:
        bases, fault = strip_adapters(bases)
    if table_format == "gosai":
        chromosome = chromosome_name(chromosome)
        split = "val" if chromosome in GOSAI_VAL else "test" if chromosome in GOSAI_TEST else "train"
    if table_format == "lentimpra":
        split = FOLD_SPLITS.get(split, split)
    return Element(row.line, name, bases, chromosome, category, split), fault


def _values(row: TableRow, plan: FormatColumns, collector: Collector) -> list[tuple[float, int, str]]:
    get = row.values.get
    return [
        collector.value(
            cell, get(activity), None if error is None else get(error, ""), None if level is None else get(level)
        )
        for cell, (activity, error, level) in enumerate(zip(plan.activity, plan.errors, plan.levels))
    ]


def _format_notes(table_format: str, plan: FormatColumns, library: Library | None) -> list[str]:
    if library is not None:
        return library.notes()
    if table_format == "lentimpra" and plan.split is not None:
        return [f"splits: from column {plan.split!r}, folds 1-8 train, 9 val, 10 test"]
    if table_format == "gosai":
        listed = (",".join(sorted(names)) for names in (GOSAI_VAL, GOSAI_TEST))
        return ["splits: as published, val {}, test {}, the rest train".format(*listed)]
    return []


def _long_columns(opened: _Opened) -> tuple[str, str] | None:
    """The columns of cell type and activity of a table in the long form."""
    cell = named(opened.header, long_form.CELL_NAMES, None, opened.source)
    activity = named(opened.header, long_form.ACTIVITY_NAMES, None, opened.source)
    return None if cell is None or activity is None else (cell, activity)


def _read_long(
    opened: _Opened, long: tuple[str, str], cell_types: Sequence[str], columns: TableColumns, length: int | None
) -> LoadedTable:
    cell_column, activity = long
    source = opened.source
    cells = long_form.cells_of(parse_cells(cell_types), opened.first, cell_column, source)
    if len(columns.levels) > 1 or any("=" in name for name in columns.levels):
        raise InputError(f"{source}: has one row a cell type, so expected one column of levels; name it alone")
    level = named(opened.header, (), columns.levels[0], source) if columns.levels else None
    bare = replace(columns, levels=())
    plan = columns_of_format("table", opened.header, (), bare, opened.first, source, bases=True, largest_error=None)
    plan = replace(plan, activity=(activity,), levels=(level,), errors=(None,))
    collector = Collector(_names(cells), length, None, levels=level is not None)
    notes = long_form.Joiner(plan, cell_column, cells, collector).join(opened.rows)
    if notes and not any(collector.numbers):
        raise InputError(
            f"{source}: no row is of cell type {', '.join(cell.name for cell in cells)}; {notes[0]}; name one of these"
        )
    _check_numbers(collector, [f"{activity!r} of the rows"] * len(cells), source)
    return collector.finish((), notes)


def _names(cells: tuple[Cell, ...]) -> tuple[str, ...]:
    return tuple(cell.name for cell in cells)


def _check_numbers(collector: Collector, held: list[str], source: str) -> None:
    for cell, name, numbers in zip(collector.cell_types, held, collector.numbers):
        if not numbers:
            raise InputError(
                f"{source}: {name} of cell type {cell!r} holds no number; expected activities; name another column "
                "or leave the cell type out"
            )


def _hashed(*paths: str | Path | None) -> tuple[tuple[str, str], ...]:
    """Name and SHA-256 of every file given."""
    found = []
    for path in paths:
        if path is not None:
            with file_faults(shown(path)):
                found.append((Path(path).name, file_hash(Path(path))))
    return tuple(found)
