"""Predictions as TSV, CSV, JSONL and Parquet: the same values in every format, ids exactly as they are."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, TypeVar

from cistrace.errors import OutputError
from cistrace.io.delimited import row_writer
from cistrace.io.files import text_output, whole_file
from cistrace.io.json_lines import json_line
from cistrace.io.streams import shown
from cistrace.predictions.ledger import ledger_object
from cistrace.predictions.prediction import Prediction
from cistrace.traces.text import render_step

_Row = TypeVar("_Row")
Write = Callable[[dict[str, Any]], object]
"""Adds a row to a table: a `prediction_object`."""

COLUMNS = (
    "id",
    "cell_type",
    "activity",
    "lower",
    "upper",
    "percentile",
    "level",
    "flags",
    "start",
    "end",
    "trace_verified",
)
PREDICTION_ENDINGS = (".tsv", ".tsv.gz", ".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet")
ROW_GROUP = 2000  # predictions in one row group of Parquet, and in memory

# What a plain splitter at tabs and line ends would tear, or a CSV reader take for a quoted field.
_NEEDS_QUOTES = re.compile(r'^"|[\t\r\n]')


def check_prediction_ending(path: Path) -> None:
    """Refuse a name from which no format follows.

    Raises
    ------
    OutputError
        Another ending than those of `PREDICTION_ENDINGS`, in any case.
    """
    if not path.name.lower().endswith(PREDICTION_ENDINGS):
        raise OutputError(
            f"{shown(path)}: its ending {path.suffix!r} names no format; expected {', '.join(PREDICTION_ENDINGS)};"
            " rename it"
        )


def figure(value: float) -> float:
    """A number at nine significant digits, as every format states it."""
    return float(f"{value:.9g}")


def _bound(value: float) -> float | None:
    """A bound of an interval; None where it is infinite, as JSON has no such number."""
    return figure(value) if math.isfinite(value) else None


def prediction_object(prediction: Prediction) -> dict[str, Any]:
    """A prediction as JSON types: one line of JSONL.

    `start` and `end`, 1-based, inclusive, are of the stretch of the input that the row describes. Positions in a trace
    are those of the input, as its `positions` says. `trace` and `verification` are null without traces, and
    `card_hash` where no card was made. A text that has not the form of a trace has `steps` and `level` null and is not
    verified; `failed` says why. `domain_percentile` is null for a model that does not know its domain. A step that
    follows no template has the kind `prose`. The bounds of a row with the flag `no_interval` are null; in TSV they are
    `-inf` and `inf`.
    """
    return {
        "id": prediction.id,
        "cell_type": prediction.cell_type,
        "activity": figure(prediction.activity),
        "lower": _bound(prediction.lower),
        "upper": _bound(prediction.upper),
        "percentile": figure(prediction.percentile),
        "level": prediction.level,
        "flags": list(prediction.flags),
        "start": prediction.start + 1,
        "end": prediction.end,
        "level_probabilities": [figure(value) for value in prediction.level_probabilities],
        "domain_percentile": None if prediction.domain_percentile is None else figure(prediction.domain_percentile),
        "card_hash": prediction.card_hash,
        "trace": _trace_object(prediction),
        "ledger": None if prediction.ledger is None else ledger_object(prediction.ledger),
        "verification": _verification_object(prediction),
        "provenance": {name: getattr(prediction.provenance, name) for name in prediction.provenance.__slots__},
    }


def _trace_object(prediction: Prediction) -> dict[str, Any] | None:
    text, trace = prediction.trace_text, prediction.trace
    if trace is None:
        return (
            None
            if text is None
            else {"steps": None, "level": None, "text": text, "positions": "input", "written_by": prediction.written_by}
        )
    steps = [{"kind": step.kind, "text": render_step(step), "values": dict(step.values)} for step in trace.steps]
    shown_as = {"text": text, "positions": "input", "written_by": prediction.written_by}
    return {"steps": steps, "level": trace.level, **shown_as}


def _verification_object(prediction: Prediction) -> dict[str, Any] | None:
    found = prediction.verification
    if found is None:
        nothing = {"verified": False, "claims": 0, "supported": 0, "failed": [], "level_agrees": False}
        return None if prediction.trace_text is None else nothing
    failed = [
        {"step": finding.step, "field": finding.field, "claimed": finding.claimed, "found": finding.found}
        for finding in found.failed
    ]
    return {
        "verified": found.verified,
        "claims": found.claims,
        "supported": found.supported,
        "failed": failed,
        "level_agrees": prediction.trace is not None and prediction.trace.level == prediction.level,
    }


@contextmanager
def prediction_output(path: Path | None) -> Iterator[Write]:
    """Open a table of predictions and give the function that adds one.

    Parameters
    ----------
    path : Path or None
        Its ending decides the format; None is TSV on standard output.

    Raises
    ------
    OutputError
        An ending that names no format, or a file that cannot be written.
    """
    if path is not None:
        check_prediction_ending(path)
        if path.name.lower().endswith(".parquet"):
            from cistrace.predictions.parquet import SCHEMA, parquet_rows

            with whole_file(path) as part, parquet_rows(part, SCHEMA, ROW_GROUP) as add:
                yield add
            return
    with text_rows(path, COLUMNS, _fields) as add:
        yield add


@contextmanager
def text_rows(
    path: Path | None, columns: Sequence[str], fields: Callable[[_Row], Sequence[str]]
) -> Iterator[Callable[[_Row], object]]:
    """Open JSONL, CSV or TSV, as its ending has it, and give the function that adds a row.

    The header comes with the first row, or at the end where there is none: a run that fails before has printed nothing.

    Parameters
    ----------
    path : Path or None
        None is TSV on standard output.
    columns : sequence of str
        Of TSV and CSV.
    fields : callable
        A row's values of these, as text.
    """
    name = ".tsv" if path is None else path.name.lower()
    with text_output(path) as out:
        if name.endswith((".jsonl", ".jsonl.gz")):
            yield lambda row: out.write(json_line(row))
            return
        write = _delimited(out, comma=name.endswith((".csv", ".csv.gz")))
        headed = False

        def add(row: _Row) -> None:
            nonlocal headed
            if not headed:
                headed = True
                write(columns)
            write(fields(row))

        yield add
        if not headed:
            write(columns)


def _delimited(out: TextIO, comma: bool) -> Callable[[Sequence[str]], object]:
    """What writes a row of CSV, or else of TSV."""
    if comma:
        return row_writer(out)
    return lambda texts: out.write("\t".join(map(tsv_field, texts)) + "\n")


def _fields(row: dict[str, Any]) -> list[str]:
    """A row of TSV and CSV: the values of `COLUMNS` as text."""
    bounds = [_number(row["lower"], "-inf"), _number(row["upper"], "inf")]
    numbers = [_number(row["activity"]), *bounds, _number(row["percentile"])]
    return [
        row["id"],
        row["cell_type"],
        *numbers,
        str(row["level"]),
        ";".join(row["flags"]),
        str(row["start"]),
        str(row["end"]),
        "" if row["verification"] is None else str(row["verification"]["verified"]).lower(),
    ]


def _number(value: float | None, missing: str = "") -> str:
    """A number at nine significant digits, or the word for a bound that there is none of."""
    return missing if value is None else f"{value:.9g}"


def tsv_field(text: str) -> str:
    """A field exactly as it is; quoted as in CSV where it holds a tab or line end, or starts with a quote."""
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text
