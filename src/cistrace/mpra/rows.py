"""Rows of a table of any format, whole: every column, with the type that the file gives it.

What the file is follows from its first bytes (`{` JSONL, `PAR1` Parquet, a zip archive XLSX, gzip unpacked first) and
otherwise from its ending; what is none of these is CSV or TSV, as `cistrace.io.tables` reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from cistrace.errors import InputError
from cistrace.io.formats import format_of
from cistrace.io.parquet_rows import PARQUET_BUFFER, parquet_rows
from cistrace.io.streams import STDIN, ByteSource, file_faults, open_source, read_lines, shown
from cistrace.io.tables import json_object, listed_columns, plain_name, table_rows
from cistrace.mpra.workbook import workbook_cells

HEADER_ROWS = 50
"""Rows of a spreadsheet in which its header is looked for."""


class TableRow(NamedTuple):
    """One row of a table. A tuple, as tables hold up to a million.

    Attributes
    ----------
    line : int
        1-based line on which it starts; in Parquet and spreadsheets its row.
    values : dict
        By column: text in CSV and TSV, else what the file holds (None where empty).
    fault : str
        Why the row cannot be used; empty where it can. `values` is then empty too.
    """

    line: int
    values: dict[str, object]
    fault: str


def read_rows(path: str | Path, *, asked: Sequence[str] = (), sheet: str | None = None) -> Iterator[TableRow]:
    """Read a table's rows, in the order of the file, one (in Parquet one batch) in memory at a time.

    Blank rows are passed over. A row of CSV or TSV with more or fewer fields than the header has a fault.

    Parameters
    ----------
    path : str or Path
        CSV, TSV, JSONL (all plain or gzip), Parquet, XLSX.
    asked : names of columns
        A spreadsheet's header is its first row that holds one of them, since published ones carry title lines above
        it; without any, its first row with two texts. Other formats start with their header.
    sheet : str, optional
        Which sheet of a spreadsheet; the first by default.

    Raises
    ------
    InputError
        A file that is missing, a folder, empty, torn, of another format, or holds a header alone; two columns of one
        name; a sheet that is not there; a sheet asked of another format; a spreadsheet without python-calamine.
    """
    found = False
    for row in _rows(path, asked, sheet):
        found = True
        yield row
    if not found:
        raise InputError(f"{shown(path)}: holds no rows; expected at least one below the header; check how it was made")


def _rows(path: str | Path, asked: Sequence[str], sheet: str | None) -> Iterator[TableRow]:
    if str(path) == STDIN:
        raise InputError("standard input: cannot be read twice; expected a table in a file; save it and name the file")
    with open_source(path, "measurements") as source:
        kind = format_of(source)
        if sheet is not None and kind != "spreadsheet":
            raise InputError(f"{source.name}: is no spreadsheet, so it has no sheet {sheet!r}; leave the sheet out")
        if kind == "jsonl":
            yield from _jsonl_rows(source)
        elif kind not in ("parquet", "spreadsheet"):
            yield from _delimited_rows(source)
    if kind == "parquet":
        yield from _parquet_rows(path)
    elif kind == "spreadsheet":
        yield from _sheet_rows(path, asked, sheet)


def _delimited_rows(source: ByteSource) -> Iterator[TableRow]:
    rows = table_rows(source)
    _, first = next(rows, (0, []))
    header = _header(first, source.name)
    for line, fields in rows:
        if len(fields) == len(header):
            yield TableRow(line, dict(zip(header, fields)), "")
        else:
            fault = f"found {len(fields)} fields, expected {len(header)} as in the header; quote or correct the row"
            yield TableRow(line, {}, fault)


def _header(names: Sequence[str], source: str) -> list[str]:
    """Names of the columns, one each: those without a name get their place."""
    header = [name.strip() or f"column {place}" for place, name in enumerate(names, start=1)]
    twice = [name for name, times in Counter(header).items() if times > 1]
    if twice:
        raise InputError(f"{source}: two columns are called {twice[0]!r}; expected one; rename or remove the other")
    return header


def _jsonl_rows(source: ByteSource) -> Iterator[TableRow]:
    for line, text in read_lines(source):
        if text.strip():
            yield TableRow(line, json_object(text, line, source.name), "")


def _parquet_rows(path: str | Path) -> Iterator[TableRow]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = shown(path)
    try:
        with file_faults(name), pq.ParquetFile(str(path), buffer_size=PARQUET_BUFFER, pre_buffer=False) as file:
            header = _header(file.schema_arrow.names, name)
            for number, fields in enumerate(parquet_rows(file), start=1):
                yield TableRow(number, dict(zip(header, fields)), "")
    except pa.ArrowException as error:
        reason = shown(str(error).splitlines()[0][:120]) if str(error) else type(error).__name__
        raise InputError(
            f"{name}: is not a whole Parquet file ({reason}); expected Parquet; write or download it again"
        ) from error


def _sheet_rows(path: str | Path, asked: Sequence[str], sheet: str | None) -> Iterator[TableRow]:
    name = shown(path)
    cells = enumerate(workbook_cells(path, sheet), start=1)
    header, seen = None, []
    for _, fields in islice(cells, HEADER_ROWS):
        texts = [str(field) for field in fields]
        seen.append(texts)
        if _is_header(texts, asked):
            header = _header(texts, name)
            break
    if header is None:
        raise InputError(_no_header(name, seen, asked))
    for line, fields in cells:
        if any(field not in ("", None) for field in fields):
            yield TableRow(line, dict(zip(header, fields)), "")


def _is_header(texts: list[str], asked: Sequence[str]) -> bool:
    plain = {plain_name(text) for text in texts}
    return not plain.isdisjoint(map(plain_name, asked)) if asked else len(plain - {""}) > 1


def _no_header(name: str, seen: list[list[str]], asked: Sequence[str]) -> str:
    texts = max(seen, key=lambda row: sum(map(bool, row)), default=[])
    if not any(texts):
        return f"{name}: the sheet is empty; expected a header and rows; name another sheet"
    wanted = " or ".join(repr(one) for one in list(asked)[:4]) if asked else "two names or more"
    return f"{name}: no row of the first {HEADER_ROWS} is a header with {wanted}; found {listed_columns(texts)}"
