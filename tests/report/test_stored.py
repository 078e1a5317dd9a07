"""Stored predictions read back: every format the same, and whatever is no prediction refused by its place."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_helpers import AWKWARD, a_prediction

from cistrace.errors import InputError
from cistrace.predictions.prediction import Prediction
from cistrace.predictions.table import prediction_object, prediction_output
from cistrace.report.stored import read_rows
from cistrace.report.view import cell_view


@pytest.fixture
def predictions() -> list[Prediction]:
    unparsed = replace(a_prediction("odd"), trace=None, verification=None, ledger=None, trace_text="no trace at all")
    unsure = replace(a_prediction("wide"), lower=-np.inf, upper=np.inf)
    return [*map(a_prediction, AWKWARD), unparsed, unsure, a_prediction("bare", trace=False)]


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.parquet"])
def test_a_stored_prediction_is_drawn_as_it_was_made(tmp_path: Path, predictions: list[Prediction], name: str) -> None:
    with prediction_output(tmp_path / name) as write:
        for one in predictions:
            write(prediction_object(one))
    found = [cell_view(row) for row in read_rows(tmp_path / name)]
    assert found == [cell_view(prediction_object(one)) for one in predictions]


def changed(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(prediction_object(a_prediction())))
    *way, last = path
    at: Any = plain
    for step in way:
        at = at[step]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return plain


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("id",), 7, "id: "),
        (("activity",), "high", "activity: "),
        (("activity",), float("nan"), "activity: "),
        (("level",), 4, "level: "),
        (("level_probabilities",), [1.0], "level_probabilities: "),
        (("flags",), ..., "flags: "),
        (("end",), 0, "end: "),
        (("start",), 99, "end 34 lies before start 99"),
        (("trace", "steps", 1, "text"), None, "trace.steps.1.text: "),
        (("verification",), None, "verification: found none of a trace"),
        (("provenance",), None, "provenance: "),
    ],
)
def test_a_row_that_is_no_prediction_is_refused_by_its_line(
    tmp_path: Path, path: tuple[str | int, ...], value: object, said: str
) -> None:
    good = json.dumps(prediction_object(a_prediction()))
    (tmp_path / "in.jsonl").write_text(f"{good}\n\n{json.dumps(changed(path, value))}\n")
    with pytest.raises(InputError) as caught:
        list(read_rows(tmp_path / "in.jsonl"))
    assert f"in.jsonl, line 3: {said}" in str(caught.value) and "\n" not in str(caught.value)


def test_values_beside_a_steps_text_are_not_trusted() -> None:
    row = changed(("trace", "steps", 0, "values"), {"amount": "x"})
    assert cell_view(row) == cell_view(prediction_object(a_prediction()))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("in.tsv", b"id\tcell_type\none\tK562\n", "is no JSONL or Parquet; expected stored predictions"),
        ("in.fa", b">one\nACGT\n", "is no JSONL or Parquet"),
        ("in.jsonl", b"{torn\n", "line 1: is no JSON"),
        ("in.jsonl", b"[]\n", "line 1: row: "),
        ("in.jsonl", b"", "the file is empty; expected predictions in it"),
        ("in.jsonl.gz", gzip.compress(b'{"a": 1}\n' * 99, mtime=0)[:-9], "ends in the middle"),
        ("in.parquet", b"PAR1 and then nothing", "is not a whole Parquet file"),
    ],
)
def test_a_file_that_holds_no_predictions_is_refused(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said):
        list(read_rows(tmp_path / name))
