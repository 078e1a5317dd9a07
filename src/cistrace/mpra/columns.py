"""Which column of a table holds what: names that published tables use, and the columns that a user names."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cistrace.cards.cell_types import ALL
from cistrace.errors import InputError
from cistrace.io.tables import find_column, listed_columns
from cistrace.mpra.rows import TableRow

PEEK = 200
"""Rows looked at to learn a table's columns and which of them hold numbers."""

ACTIVITY_ENDINGS = ("log2fc", "l2fc", "log2rnadna", "mean", "activity", "expression", "log2")
"""What may follow a cell type in an activity column's name, letters and digits alone: `K562 [log2(rna/dna)]`."""

_EMPTY = frozenset({"", "na", "n/a", "nan", "<na>", "#n/a", "null", "none", ".", "-nan"})
_LISTED = 12


@dataclass(frozen=True, slots=True)
class TableColumns:
    """Columns that a user names; None where they are to be found by their usual names.

    Attributes
    ----------
    sequence, id, chromosome, split, category : str or None
    levels : tuple of str
        `CELL=COLUMN`, a column of levels 0-3 for a cell type; the column alone where one cell type is asked.
    sheet : str or None
        Sheet of a spreadsheet; the first by default.
    """

    sequence: str | None = None
    id: str | None = None
    chromosome: str | None = None
    split: str | None = None
    category: str | None = None
    levels: tuple[str, ...] = ()
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """Usual names of a format's columns, lower-case, best first."""

    sequence: tuple[str, ...]
    id: tuple[str, ...]
    chromosome: tuple[str, ...] = ("chrom", "chr", "chromosome", "chr.hg38", "chr.hg19", "seqnames")
    split: tuple[str, ...] = ("split", "set", "partition", "subset")
    category: tuple[str, ...] = ("category",)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell type as a user asks for it, and the column named with it, if any."""

    name: str
    column: str | None


@dataclass(frozen=True, slots=True)
class FormatColumns:
    """The columns to read. None where the table has none.

    Attributes
    ----------
    activity : tuple of str
        One column a cell type.
    levels, errors : tuple of (str or None)
        One a cell type: levels 0-3; standard errors of the activity.
    reverse : str or None
        Marks rows that repeat another in reverse complement by 1.
    """

    sequence: str | None
    id: str | None
    chromosome: str | None
    split: str | None
    category: str | None
    activity: tuple[str, ...]
    levels: tuple[str | None, ...]
    errors: tuple[str | None, ...]
    reverse: str | None = None


def letters(name: str) -> str:
    """A name's letters and digits, lower-case: by these cell types and columns are told apart."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def header_of(rows: Sequence[TableRow]) -> list[str]:
    """Every column of the given rows, in order: in JSONL the first object may lack some."""
    return list(dict.fromkeys(name for row in rows for name in row.values))


def named(header: Sequence[str], usual: tuple[str, ...], asked: str | None, source: str) -> str | None:
    """The column asked for, or the first of the usual ones that is there.

    Raises
    ------
    InputError
        The asked column is missing, or there twice in some case.
    """
    place = find_column(header, usual, asked, source)
    return None if place is None else header[place]


def parse_cells(texts: Iterable[str]) -> tuple[Cell, ...]:
    """Cell types asked for, each a name or `CELL=COLUMN`.

    Raises
    ------
    InputError
        An empty name or column, a name given twice.
    """
    cells: dict[str, Cell] = {}
    for text in texts:
        name, mark, column = (part.strip() for part in text.partition("="))
        if not name or (mark and not column):
            raise InputError(f"cell type {text!r}: expected a name or CELL=COLUMN; give both sides")
        if not name.isprintable():
            raise InputError(f"cell type {name!r}: holds control characters; expected plain text; use NAME=COLUMN")
        if letters(name) == ALL:
            raise InputError(f"cell type {name!r}: stands for all of them; expected another name; use NAME=COLUMN")
        if name in cells:
            raise InputError(f"cell type {name!r}: asked for twice; expected each once; leave one out")
        cells[name] = Cell(name, column or None)
    return tuple(cells.values())


def cell_column(header: Sequence[str], cell: Cell, source: str) -> str | None:
    """The activity column of a cell type: the one named with it, else its name, else its name and a usual ending.

    Case, blanks and punctuation do not matter: `SK-N-SH`, `sknsh` and `SKNSH` are one.

    Raises
    ------
    InputError
        The column named is missing; two columns fit.
    """
    if cell.column is not None:
        return named(header, (), cell.column, source)
    if cell.name in header:
        return cell.name
    plain = letters(cell.name)
    for wanted in ((plain,), tuple(plain + ending for ending in ACTIVITY_ENDINGS)):
        fits = [column for column in header if plain and letters(column) in wanted]
        if len(fits) > 1:
            raise InputError(
                f"{source}: {' and '.join(map(repr, fits[:2]))} may both be cell type {cell.name!r}; expected one "
                f"column; choose by {cell.name}=COLUMN"
            )
        if fits:
            return fits[0]
    return None


def companion(header: Sequence[str], cell: Cell, endings: tuple[str, ...]) -> str | None:
    """The column that goes with a cell type's activity: `K562_lfcSE` with K562, or with the column `K562_log2FC`."""
    stems = [letters(cell.name)]
    if cell.column is not None:
        stems.insert(0, letters(cell.column.rpartition("_")[0]))
    wanted = {stem + ending for stem in stems if stem for ending in endings}
    return next((column for column in header if letters(column) in wanted), None)


def activity_columns(
    header: Sequence[str], cells: Sequence[Cell], rows: Sequence[TableRow], source: str
) -> tuple[str, ...]:
    """The activity column of every cell type.

    Raises
    ------
    InputError
        A cell type without a column, two with the same; the message lists the columns that hold numbers.
    """
    columns: dict[str, str] = {}
    for cell in cells:
        column = cell_column(header, cell, source)
        if column is None:
            raise InputError(
                f"{source}: no activity column for cell type {cell.name!r}; {numeric_columns(header, rows)}; "
                f"name one by {cell.name}=COLUMN"
            )
        if column in columns:
            raise InputError(
                f"{source}: column {column!r} is asked for cell types {columns[column]!r} and {cell.name!r}; "
                "expected one column each; leave one out"
            )
        columns[column] = cell.name
    return tuple(columns)


def level_columns(
    header: Sequence[str], cells: Sequence[Cell], levels: Sequence[str], source: str
) -> tuple[str | None, ...]:
    """The level column of every cell type, None where none is named.

    Raises
    ------
    InputError
        A column that is missing, a cell type that is not among those asked for.
    """
    if len(levels) == 1 and len(cells) == 1 and "=" not in levels[0]:
        return (named(header, (), levels[0], source),)
    asked = {cell.name: cell for cell in parse_cells(levels)}
    for name, cell in asked.items():
        if name not in [one.name for one in cells] or cell.column is None:
            known = ", ".join(one.name for one in cells)
            raise InputError(f"levels {name!r}: expected CELL=COLUMN with a cell type of {known}; correct it")
    columns = {name: named(header, (), cell.column, source) for name, cell in asked.items()}
    return tuple(columns.get(cell.name) for cell in cells)


def numeric_columns(header: Sequence[str], rows: Sequence[TableRow]) -> str:
    """What a message says of the columns that look as if they held numbers."""
    found = [name for name in header if _holds_numbers(row.values.get(name) for row in rows)]
    if not found:
        return f"found {listed_columns(header)}, none with numbers"
    more = len(found) - _LISTED
    listed = ", ".join(repr(name) for name in found[:_LISTED])
    return f"columns with numbers: {listed}" + (f" and {more} more" if more > 0 else "")


def number(value: object) -> float:
    """A measurement as a number: NaN where it is empty (`NA`, `NaN`, `null` and the like count as empty).

    Raises
    ------
    ValueError
        Anything else that is not a number.
    """
    if isinstance(value, float):
        return value
    if value is None:
        return math.nan
    if isinstance(value, str):
        if "_" not in value:  # float() takes 1_000
            try:
                return float(value)
            except ValueError:
                pass
        if value.strip().casefold() in _EMPTY:
            return math.nan
        raise ValueError(value)
    if isinstance(value, bool):
        raise ValueError(value)
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, OverflowError) as error:
        raise ValueError(value) from error


def text_of(value: object) -> str:
    """A field as text: whole numbers without a point, as spreadsheets hold chromosome 7 as 7.0; empty for None."""
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _holds_numbers(values: Iterable[object]) -> bool:
    some = False
    for value in values:
        try:
            some |= not math.isnan(number(value))
        except ValueError:
            return False
    return some
