"""Predictions as a DataFrame of pandas or polars, whichever is installed."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any, Literal

from cistrace.errors import InputError
from cistrace.predictions.prediction import Prediction

LIBRARIES = ("pandas", "polars")


def to_frame(predictions: Prediction | Iterable[Prediction], library: Literal["pandas", "polars"] | None = None) -> Any:
    """One row a prediction, in their order.

    Parameters
    ----------
    predictions : Prediction or iterable of Prediction
    library : `pandas` or `polars`, optional
        Unless given, pandas where it is installed, else polars.

    Returns
    -------
    DataFrame
        `id`, `cell_type`, `card_hash` and `checkpoint`: text. `activity`, `lower`, `upper` (log2(RNA/DNA)) and
        `percentile` (0-100): float64. `level` (0-3): int64. `flags`: lists of text. `start` and `end`: int64, the
        stretch of the input that the row describes, 1-based, inclusive. `level_probabilities`: lists of four floats.
        `domain_percentile` (0-100): float64, missing where the model does not know its domain. `trace` (its text),
        `verified` (bool), `claims` and `supported` (int64): missing where no trace was asked for; a text that is no
        trace has no claims and is not verified. `card_hash` is missing where no card was made.

    Raises
    ------
    InputError
        An item that is no Prediction; a library that is not installed or has another name.
    """
    many = [predictions] if isinstance(predictions, Prediction) else list(predictions)
    for number, one in enumerate(many, 1):
        if not isinstance(one, Prediction):
            raise InputError(f"to_frame, item {number}: found {type(one).__name__}, expected Prediction; leave it out")
    rows = {name: [row[name] for row in map(_row, many)] for name in _COLUMNS}
    if _installed(library) == "polars":
        return _polars(rows)
    import pandas

    kinds = {
        "text": "string", "int": "int64", "float": "float64",
        "optional int": "Int64", "optional float": "Float64", "optional bool": "boolean",
    }  # fmt: skip
    return pandas.DataFrame(rows).astype({name: kinds[kind] for name, kind in _COLUMNS.items() if kind in kinds})


_COLUMNS = {
    "id": "text",
    "cell_type": "text",
    "activity": "float",
    "lower": "float",
    "upper": "float",
    "percentile": "float",
    "level": "int",
    "flags": "texts",
    "start": "int",
    "end": "int",
    "level_probabilities": "floats",
    "domain_percentile": "optional float",
    "trace": "text",
    "verified": "optional bool",
    "claims": "optional int",
    "supported": "optional int",
    "card_hash": "text",
    "checkpoint": "text",
}


def _row(prediction: Prediction) -> dict[str, object]:
    found, text = prediction.verification, prediction.trace_text
    nothing = None if text is None else 0
    return {
        **{name: getattr(prediction, name) for name in _COLUMNS if hasattr(prediction, name)},
        "flags": list(prediction.flags),
        "start": prediction.start + 1,
        "level_probabilities": list(prediction.level_probabilities),
        "trace": text,
        "verified": found.verified if found else None if text is None else False,
        "claims": found.claims if found else nothing,
        "supported": found.supported if found else nothing,
        "checkpoint": prediction.provenance.checkpoint,
    }


def _polars(rows: dict[str, list[object]]) -> Any:
    import polars

    kinds: dict[str, Any] = {
        "text": polars.String,
        "texts": polars.List(polars.String),
        "floats": polars.List(polars.Float64),
        "float": polars.Float64,
        "int": polars.Int64,
        "optional int": polars.Int64,
        "optional float": polars.Float64,
        "optional bool": polars.Boolean,
    }
    return polars.DataFrame(rows, schema={name: kinds[kind] for name, kind in _COLUMNS.items()})


def _installed(library: str | None) -> str:
    if library is not None and library not in LIBRARIES:
        raise InputError(f"to_frame: found library {library!r}, expected {' or '.join(LIBRARIES)}; name one of these")
    for name in LIBRARIES if library is None else (library,):
        if find_spec(name) is not None:
            return name
    raise InputError(f"to_frame: {library or ' and '.join(LIBRARIES)} not installed, expected one; pip install "
                     f"{library or LIBRARIES[0]}")  # fmt: skip
