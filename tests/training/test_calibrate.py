"""Scores of val rows by every readout, and the figures by which a model is judged."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from checkpoint_helpers import CALIBRATION, SCALE, dna
from numpy.typing import NDArray

from cistrace.checkpoints.calibration import ValParts
from cistrace.mpra.table import MpraTable
from cistrace.predict import Predictor
from cistrace.training.calibrate import ValScores, calibrated, cell_figures, score_rows

CELLS = ("HepG2", "K562")


def a_table(activity: NDArray[np.float64], cells: tuple[str, ...] = CELLS) -> MpraTable:
    count = len(activity)
    none = ("",) * count
    return MpraTable(
        tuple(f"e{row}" for row in range(count)), tuple(dna(200, row) for row in range(count)), none, none, none,
        activity, cells,
    )  # fmt: skip


@pytest.mark.pipeline
def test_scores_are_those_that_predictions_are_made_of() -> None:
    predictor = Predictor(threads=1)
    table = a_table(np.zeros((3, 3)), predictor.cell_types)
    found = score_rows(predictor, table)
    assert found.writer is None  # nothing is written where no head reads it
    assert predictor.checkpoint.towers is not None
    np.testing.assert_array_equal(found.scores["towers"], predictor.checkpoint.towers.estimate(table.sequences))
    for readout, trace, within in (("towers", True, 0.0051), ("towers", False, 1e-5)):
        predicted = predictor.predict(list(table.sequences), trace=trace)
        activity = [
            predictor.checkpoint.scales[one.cell_type].calibrations[readout].activity(score)  # type: ignore[index]
            for one, score in zip(predicted, found.scores[readout].ravel(), strict=True)  # type: ignore[index]
        ]
        np.testing.assert_allclose([one.activity for one in predicted], activity, atol=within)


def test_every_readout_and_cell_type_has_its_own_line_and_width() -> None:
    random = np.random.default_rng(0)
    scores = {readout: random.normal(size=(60, 2)) for readout in ("trace", "card")}
    measured = 2.0 * scores["trace"] + [[0.0, 1.0]]
    parts = ValParts(np.empty(0, dtype=np.int64), np.arange(20), np.arange(20, 60))
    found = calibrated({cell: SCALE for cell in CELLS}, ValScores(scores, None), a_table(measured), parts)  # type: ignore[arg-type]
    for place, cell in enumerate(CELLS):
        traced, bare = found[cell].calibrations["trace"], found[cell].calibrations["card"]
        assert (traced.slope, traced.intercept) == pytest.approx((2, place))
        assert traced.bounds is not None and traced.bounds.above == pytest.approx((0,), abs=1e-9)
        assert bare.bounds is not None and bare.bounds.above > (1,)


def test_the_towers_activities_are_left_as_they_are() -> None:
    scores = np.random.default_rng(0).normal(size=(60, 2))
    parts = ValParts(np.empty(0, dtype=np.int64), np.arange(20), np.arange(20, 60))
    found = calibrated({cell: SCALE for cell in CELLS}, ValScores({"towers": scores}, None), a_table(2 * scores), parts)
    for cell in CELLS:
        one = found[cell].calibrations["towers"]
        assert (one.slope, one.intercept, one.fitted, one.calibrated) == (1, 0, 20, 40)


def test_figures_tell_the_worse_readout() -> None:
    random = np.random.default_rng(1)
    measured = random.normal(size=(40, 2))
    measured[:30, 1] = np.nan
    scores = ValScores({"trace": measured.copy(), "card": -measured}, None)
    scores.scores["trace"][:, 1], scores.scores["card"][:, 1] = 1.0, 1.0
    good, bad = replace(CALIBRATION, slope=2.0), replace(CALIBRATION, slope=-4.0, bounds=None)
    scales = {cell: replace(SCALE, calibrations={"trace": good, "card": bad}) for cell in CELLS}
    table = a_table(measured)
    first, second = cell_figures(scales, scores, table, table.take(np.arange(30)), table)
    assert (first.training, first.val, second.training, second.val) == (30, 40, 0, 10)
    assert first.pearson == pytest.approx(-1) and first.slope == pytest.approx(-2) and first.has_interval is False
    assert second.pearson is not None and math.isnan(second.pearson)


def test_a_line_that_was_not_fitted_has_no_slope() -> None:
    unfitted = replace(SCALE, calibrations={"trace": replace(CALIBRATION, fitted=9)})
    table = a_table(np.full((5, 1), np.nan), ("K562",))
    (found,) = cell_figures(
        {"K562": unfitted},
        ValScores({"trace": np.ones((5, 1))}, None),
        table,
        table,
        table,
    )
    assert (found.slope, found.pearson, found.val) == (None, None, 0)
