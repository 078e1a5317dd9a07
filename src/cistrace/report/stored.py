"""Stored predictions, read back as rows: what `cistrace predict` wrote as JSONL, plain or gzip, or as Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from cistrace.errors import InputError
from cistrace.io.formats import format_of
from cistrace.io.parquet_rows import PARQUET_BUFFER, parquet_rows
from cistrace.io.small_files import parse_json
from cistrace.io.streams import ByteSource, file_faults, input_name, open_source, read_lines, shown
from cistrace.traces.trace import WrittenBy

_Level = Annotated[int, Field(ge=0, le=3)]
_Position = Annotated[int, Field(ge=1)]
_strict = ConfigDict(strict=True, extra="ignore")


@dataclass(frozen=True, config=_strict)
class _Step:
    text: str


@dataclass(frozen=True, config=_strict)
class _Trace:
    steps: list[_Step] | None
    level: _Level | None
    text: str
    written_by: WrittenBy | None


@dataclass(frozen=True, config=_strict)
class _Failed:
    step: int
    field: str
    claimed: str
    found: str


@dataclass(frozen=True, config=_strict)
class _Verification:
    verified: bool
    claims: int
    supported: int
    failed: list[_Failed]


@dataclass(frozen=True, config=_strict)
class _Row:
    """What a page draws of a row: the names and types of `predictions.table.prediction_object`."""

    id: str
    cell_type: str
    activity: FiniteFloat
    lower: FiniteFloat | None
    upper: FiniteFloat | None
    percentile: FiniteFloat
    level: _Level
    flags: list[str]
    start: _Position
    end: _Position
    level_probabilities: Annotated[list[FiniteFloat], Field(min_length=4, max_length=4)]
    trace: _Trace | None
    verification: _Verification | None
    provenance: dict[str, str | int | None]


_schema = TypeAdapter(_Row)
_MEND = "give a file that `cistrace predict` wrote as .jsonl, .jsonl.gz or .parquet"


def read_rows(path: str | Path) -> Iterator[dict[str, Any]]:
    """The rows of a file of predictions, as `predictions.table.prediction_object` made them, in the file's order.

    Parameters
    ----------
    path : str or Path
        JSONL, plain or gzip, or Parquet; `-` is JSONL on standard input.

    Raises
    ------
    InputError
        A file that cannot be read, of another format, or with a row that is no prediction.
    """
    with open_source(path, "predictions") as source:
        found = format_of(source)
        if found == "parquet":
            rows, unit = _parquet(path), "row"
        elif found == "jsonl":
            rows, unit = _json_lines(source), "line"
        else:
            raise InputError(f"{source.name}: is no JSONL or Parquet; expected stored predictions; {_MEND}")
        for number, row in rows:
            yield _checked(row, f"{source.name}, {unit} {number}")


def _json_lines(source: ByteSource) -> Iterator[tuple[int, Any]]:
    for number, line in read_lines(source):
        if line.strip():
            try:
                yield number, parse_json(line)
            except ValueError as error:
                raise InputError(
                    f"{source.name}, line {number}: is no JSON ({error}); expected a prediction; {_MEND}"
                ) from error


def _parquet(path: str | Path) -> Iterator[tuple[int, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = input_name(path)
    try:
        with file_faults(name), pq.ParquetFile(str(path), buffer_size=PARQUET_BUFFER, pre_buffer=False) as file:
            header = file.schema_arrow.names
            for number, row in enumerate(parquet_rows(file), start=1):
                yield number, dict(zip(header, row, strict=True))
    except pa.ArrowException as error:
        reason = shown(str(error).splitlines()[0][:120]) if str(error) else type(error).__name__
        raise InputError(
            f"{name}: is not a whole Parquet file ({reason}); expected stored predictions; {_MEND}"
        ) from error


def _checked(row: Any, where: str) -> dict[str, Any]:
    """The row itself, once it has proven to be a prediction."""
    try:
        text = json.dumps(row)
    except (TypeError, ValueError, RecursionError) as error:  # Parquet holds more than JSON does
        raise InputError(f"{where}: holds what is no JSON ({error}); expected a prediction; {_MEND}") from error
    try:
        _schema.validate_json(text)  # as JSON, since a strict schema takes no dict for a record in Python
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(map(str, fault["loc"])) or "row"
        raise InputError(f"{where}: {field}: {fault['msg']}; expected a prediction; {_MEND}") from error
    assert isinstance(row, dict)
    if row["end"] < row["start"]:
        raise InputError(f"{where}: end {row['end']} lies before start {row['start']}; expected a prediction; {_MEND}")
    if row["trace"] is not None and row["verification"] is None:
        raise InputError(f"{where}: verification: found none of a trace; expected a prediction; {_MEND}")
    return row
