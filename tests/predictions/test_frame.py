"""Predictions as DataFrames: the same rows and types in pandas and polars, with none too."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pandas
import polars
import pytest
from cli_helpers import a_prediction

from cistrace import to_frame
from cistrace.errors import InputError
from cistrace.predictions import frame as module

UNTRACED = replace(a_prediction("two", "HepG2", trace=False), domain_percentile=None)
NO_TRACE = replace(UNTRACED, trace_text="Nonsense.")
MANY = [a_prediction(), UNTRACED, NO_TRACE]


def test_a_row_holds_the_prediction_s_own_values() -> None:
    frame = to_frame(MANY, "polars")
    assert frame.row(0, named=True) == {
        "id": "one",
        "cell_type": "K562",
        "activity": MANY[0].activity,
        "lower": MANY[0].lower,
        "upper": MANY[0].upper,
        "percentile": 61.5,
        "level": 2,
        "flags": ["padded", "ambiguous:2"],
        "start": 1,
        "end": 34,
        "level_probabilities": [0.1, 0.2, 0.3, 0.4],
        "domain_percentile": 71.25,
        "trace": MANY[0].trace_text,
        "verified": True,
        "claims": 5,
        "supported": 5,
        "card_hash": MANY[0].card_hash,
        "checkpoint": "c0ffee",
    }
    told = frame.select("trace", "verified", "claims", "supported").rows()
    assert told[1:] == [(None, None, None, None), ("Nonsense.", False, 0, 0)]


@pytest.mark.parametrize("many", [MANY, [UNTRACED], []])
def test_both_libraries_hold_the_same_in_the_same_types(many: list[Any]) -> None:
    one, other = to_frame(many, "pandas"), to_frame(iter(many), "polars")
    assert list(one.columns) == other.columns
    same = other.to_dict(as_series=False)
    assert {name: [None if value is pandas.NA else value for value in one[name]] for name in one.columns} == same
    kinds = {name: str(kind) for name, kind in one.dtypes.items()}
    assert {kinds[name] for name in ("activity", "lower", "upper", "percentile")} == {"float64"}
    assert (kinds["level"], kinds["claims"], kinds["verified"]) == ("int64", "Int64", "boolean")
    assert other.schema["level_probabilities"] == polars.List(polars.Float64)
    assert other.schema["trace"] == other.schema["id"] == polars.String


def test_one_prediction_is_a_frame_of_one_row() -> None:
    assert to_frame(UNTRACED, "polars").shape == (1, 18)


def test_the_library_that_is_installed_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(to_frame(MANY), pandas.DataFrame)
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "pandas" else object())
    assert isinstance(to_frame(MANY), polars.DataFrame)
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pandas and polars not installed, expected one; pip install pandas"):
        to_frame(MANY)
    with pytest.raises(InputError, match="polars not installed"):
        to_frame(MANY, "polars")


def test_neither_library_is_imported_before_it_is_needed() -> None:
    import subprocess

    code = "import sys; from cistrace import to_frame; print({'pandas', 'polars'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_what_is_no_prediction_or_library_is_refused() -> None:
    with pytest.raises(InputError, match="item 2: found str, expected Prediction"):
        to_frame([UNTRACED, "x"])  # type: ignore[list-item]
    with pytest.raises(InputError, match="found library 'dask', expected pandas or polars"):
        to_frame(MANY, "dask")  # type: ignore[arg-type]
