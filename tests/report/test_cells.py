"""Rows with their bases, and what each base adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from cli_helpers import DNA, a_prediction
from numpy.typing import NDArray

from cistrace.errors import InputError
from cistrace.predictions.table import prediction_object
from cistrace.report.cells import BaseModel, cell_views


class Asked:
    """Says of every base 1, 2 and 3 in three cell types, and keeps what it was asked."""

    def __init__(self) -> None:
        self.windows: list[str] = []

    def __call__(self, sequences: Sequence[str]) -> list[NDArray[np.float32]]:
        self.windows += sequences
        return [np.tile(np.array([1, 2, 3], dtype=np.float32), (len(bases), 1)) for bases in sequences]


def test_every_window_is_asked_about_once_and_each_cell_type_has_its_column() -> None:
    asked = Asked()
    rows = [prediction_object(a_prediction("one", cell)) for cell in ("WTC11", "K562", "Liver")]
    rows.append(prediction_object(replace(a_prediction("long"), start=3, end=33)))
    views = cell_views(rows, {"one": DNA, "long": DNA}, BaseModel(asked, ("HepG2", "K562", "WTC11")))
    assert asked.windows == [DNA, DNA[3:33]]
    assert [view["bases"] for view in views] == [DNA, DNA, DNA, DNA[3:33]]
    assert [view["contributions"] and round(127 * view["contributions"]["unit"]) for view in views] == [3, 2, None, 2]


def test_an_id_that_no_sequence_has_is_drawn_without_bases() -> None:
    asked = Asked()
    (view,) = cell_views([prediction_object(a_prediction("one"))], {"two": DNA}, BaseModel(asked, ("K562",)))
    assert view["bases"] is None and view["contributions"] is None and asked.windows == []


def test_sequences_that_were_not_predicted_are_refused() -> None:
    with pytest.raises(InputError, match=r"one: found 10 bp in the sequence given, but a prediction of 1-34; expected"):
        cell_views([prediction_object(a_prediction("one"))], {"one": DNA[:10]})
