"""CSV, TSV, JSONL and Parquet rows as raw records.

Columns are found by name, in any case: the sequence in `sequence`, `seq` or `bases`, the id in `id`, `name`,
`sequence_id`, `seq_id` or `identifier`, the first of these that is there. Without an id column the ids are
`row1`, `row2`, ..., counting records from 1.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cistrace.errors import InputError
from cistrace.io.parquet_rows import PARQUET_BUFFER, parquet_rows
from cistrace.io.streams import MAXIMUM_LINE, ByteSource, RawRecord, file_faults, read_lines, shown

SEQUENCE_NAMES = ("sequence", "seq", "bases")
ID_NAMES = ("id", "name", "sequence_id", "seq_id", "identifier")
_LISTED_COLUMNS = 12


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions of the sequence column and the id column (None: ids are row numbers), 0-based."""

    sequence: int
    id: int | None


def find_columns(
    header: Sequence[str], source: str, *, id_column: str | None = None, sequence_column: str | None = None
) -> Columns:
    """Find the columns in a header.

    Raises
    ------
    InputError
        A column that is missing (the message lists those that are there) or there twice.
    """
    sequence = find_column(header, SEQUENCE_NAMES, sequence_column, source)
    if sequence is None:
        raise InputError(
            f"{source}: no sequence column; found {listed_columns(header)}; expected {', '.join(SEQUENCE_NAMES)} "
            "in a header line; rename one or name it with the sequence-column option"
        )
    return Columns(sequence, find_column(header, ID_NAMES, id_column, source))


def find_column(header: Sequence[str], known: tuple[str, ...], asked: str | None, source: str) -> int | None:
    """Place of the column that was asked for, or else of the first of the `known` names; None where none is there.

    Raises
    ------
    InputError
        No such column was found, or several.
    """
    if asked is not None:
        exact = [i for i, name in enumerate(header) if name == asked]
        places = exact or [i for i, name in enumerate(header) if plain_name(name) == plain_name(asked)]
        if not places:
            raise InputError(f"{source}: no column {asked!r}; found {listed_columns(header)}; name one of these")
        return _only(places, asked, source)
    for name in known:
        if places := [i for i, column in enumerate(header) if plain_name(column) == name]:
            return _only(places, name, source)
    return None


def plain_name(name: str) -> str:
    """What counts of a column's name: not its case, nor blanks and a `#` before it."""
    return name.strip().removeprefix("#").strip().casefold()


def _only(places: list[int], name: str, source: str) -> int:
    if len(places) > 1:
        raise InputError(
            f"{source}: {len(places)} columns are called {name!r}, in some case; expected one; "
            "rename the others or name one with the column options"
        )
    return places[0]


def listed_columns(header: Sequence[str]) -> str:
    """The first columns by name, and how many more there are, for a message."""
    if not header:
        return "no columns"
    names = [repr(name if len(name) <= 40 else name[:40] + "…") for name in header[:_LISTED_COLUMNS]]
    more = len(header) - len(names)
    return f"columns {', '.join(names)}" + (f" and {more} more" if more else "")


def read_delimited(source: ByteSource, *, id_column: str | None, sequence_column: str | None) -> Iterator[RawRecord]:
    """Rows of a CSV or TSV file with a header line. Fields may be quoted as spreadsheets and R quote them.

    The separator is a tab in `.tsv`; otherwise the one among tab, comma and semicolon that the header holds most of.
    Blank lines are passed over. A row with more or fewer fields than the header is a record fault.

    Raises
    ------
    InputError
        Faults of the file, a missing column, quotes that never close.
    """
    rows = table_rows(source)
    _, header = next(rows, (0, []))
    if not header:
        return
    name = source.name
    columns = find_columns(header, name, id_column=id_column, sequence_column=sequence_column)
    for number, (line, row) in enumerate(rows, start=1):
        given = row[columns.id] if columns.id is not None and columns.id < len(row) else None
        if len(row) == len(header):
            yield RawRecord(number, line, given, row[columns.sequence], name)
        else:
            fault = f"found {len(row)} fields, expected {len(header)} as in the header; quote or correct the row"
            yield RawRecord(number, line, given, "", name, fault)


def _separator(head: bytes, ending: str) -> str:
    header_line = head.lstrip().splitlines()[0].decode(errors="replace") if head.strip() else ""
    if ending in (".tsv", ".tab"):
        return "\t"
    counts = {mark: header_line.count(mark) for mark in ("\t", ",", ";")}
    if ending == ".csv" and counts[","]:
        return ","
    return max(counts, key=lambda mark: counts[mark])


def table_rows(source: ByteSource) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line on which it starts."""
    # The csv module's own limit (131,072) is shorter than sequences we take; it is process-wide, so only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), MAXIMUM_LINE))
    lines = (text for _, text in read_lines(source, exact=True))
    reader = csv.reader(lines, delimiter=_separator(source.head, source.ending), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(
                f"{source.name}: line {line} is not a row ({error}); expected quotes that open and close; correct them"
            ) from error
        if len(row) > 1 or (row and row[0].strip()):
            yield line, row


def read_jsonl(source: ByteSource, *, id_column: str | None, sequence_column: str | None) -> Iterator[RawRecord]:
    """Lines of a JSONL file, one object each; blank lines are passed over.

    The keys of the first object settle the columns. An object that lacks one of them is a record fault.

    Raises
    ------
    InputError
        Faults of the file, a line that is not a JSON object, a missing column.
    """
    names: tuple[str, str | None] | None = None
    number = 0
    for line, text in read_lines(source):
        if not text.strip():
            continue
        row = json_object(text, line, source.name)
        if names is None:
            header = list(row)
            found = find_columns(header, source.name, id_column=id_column, sequence_column=sequence_column)
            names = header[found.sequence], None if found.id is None else header[found.id]
        number += 1
        yield _typed_record(row, names, number, line, source.name)


def json_object(text: str, line: int, name: str) -> dict[str, Any]:
    """The object on one line of a JSONL file.

    Raises
    ------
    InputError
        The line is not JSON, or no object.
    """
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", None) or type(error).__name__
        raise InputError(
            f"{name}: line {line} is not JSON ({reason}); expected one object a line; correct or remove the line"
        ) from error
    if not isinstance(row, dict):
        raise InputError(
            f"{name}: line {line} is a JSON {type(row).__name__}; expected one object a line; write JSONL, not an array"
        )
    return row


def _typed_record(
    row: dict[str, Any], names: tuple[str, str | None], number: int, line: int, source: str, unit: str = "line"
) -> RawRecord:
    """A record from values that carry their own types: text, or for ids also whole numbers."""
    sequence_name, id_name = names
    bases, given = row.get(sequence_name), None
    if id_name is not None:
        value = row.get(id_name)
        given = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if value is not None and not given and value != "":
            fault = f"{id_name!r} is a {type(value).__name__}, expected text or a whole number; correct the id"
            return RawRecord(number, line, None, "", source, fault, unit)
    if not isinstance(bases, str):
        held = "missing" if bases is None else f"a {type(bases).__name__}"
        fault = f"{sequence_name!r} is {held}, expected text; give the bases"
        return RawRecord(number, line, given, "", source, fault, unit)
    return RawRecord(number, line, given, bases, source, None, unit)


def read_parquet(path: str | Path, *, id_column: str | None, sequence_column: str | None) -> Iterator[RawRecord]:
    """Rows of a Parquet file, a batch in memory at a time, however large its row groups are.

    Raises
    ------
    InputError
        A torn or foreign file, a missing column, a column of another type than text.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = shown(path)
    try:
        with file_faults(name), pq.ParquetFile(str(path), buffer_size=PARQUET_BUFFER, pre_buffer=False) as file:
            header = list(file.schema_arrow.names)
            found = find_columns(header, name, id_column=id_column, sequence_column=sequence_column)
            names = header[found.sequence], None if found.id is None else header[found.id]
            _check_text(file.schema_arrow, names[0], name)
            yield from _parquet_rows(file, names, name)
    except pa.ArrowException as error:
        reason = shown(str(error).splitlines()[0][:120]) if str(error) else type(error).__name__
        raise InputError(
            f"{name}: is not a whole Parquet file ({reason}); expected Parquet; write or download it again"
        ) from error


def _parquet_rows(file: Any, names: tuple[str, str | None], source: str) -> Iterator[RawRecord]:
    wanted = [name for name in names if name is not None]
    for number, row in enumerate(parquet_rows(file, wanted), start=1):
        yield _typed_record(dict(zip(wanted, row, strict=True)), names, number, number, source, "row")


def _check_text(schema: Any, column: str, source: str) -> None:
    import pyarrow as pa

    held = schema.field(column).type
    inner = held.value_type if pa.types.is_dictionary(held) else held
    if not (pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_string_view(inner)):
        raise InputError(f"{source}: column {column!r} holds {held}; expected text; write the bases as strings")
