"""Tables of accuracy: every cell of a small stored set, and honest cells where a figure has no value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from evaluation_helpers import CUTS, a_comparison, off_by, rising, unfitted
from scipy import stats
from sklearn import metrics as sk

from cistrace.evaluation import accuracy
from cistrace.evaluation.intervals import Interval, resamples
from cistrace.evaluation.predicted import Predicted, SeededPredictions


def cells(table: str) -> list[list[str]]:
    """The rows of a Markdown table, head first."""
    lines = table.splitlines()
    return [line.strip("| ").split(" | ") for line in (lines[0], *lines[2:])]


def test_every_figure_is_that_of_scipy_and_sklearn(tmp_path: Path) -> None:
    activity = rising()
    comparison = a_comparison(tmp_path, activity)
    found = off_by(activity, 0.25, 0.3)
    predicted, measured = found.activity[0][:, 0], activity[:, 0]

    def with_interval(metric: object, form: str = ".3f") -> str:
        drawn = [metric(predicted[rows], measured[rows]) for rows in resamples(40)]  # type: ignore[operator]
        low, high = np.quantile(drawn, [0.025, 0.975])
        return f"{metric(predicted, measured):{form}} ({low:{form}}-{high:{form}})"  # type: ignore[operator]

    levels, named = np.digitize(measured, CUTS[0]), np.digitize(predicted, CUTS[0])
    expected = [
        "a", "K562", "40",
        with_interval(lambda p, m: stats.pearsonr(p, m).statistic),
        with_interval(lambda p, m: stats.spearmanr(p, m).statistic),
        with_interval(lambda p, m: sk.root_mean_squared_error(m, p)),
        f"{sk.r2_score(measured, predicted):.3f}",
        f"{sk.accuracy_score(levels, named):.3f}",
        f"{sk.f1_score(levels, named, labels=[0, 1, 2, 3], average='macro'):.3f}",
        "100.0 %", "0.60",
    ]  # fmt: skip
    table = cells(accuracy.accuracy(comparison, {"a": found}))
    assert table[0][:3] == ["contender", "cell type", "n"]
    assert table[1] == expected
    assert [row[:3] for row in table[1:]] == [["a", "K562", "40"], ["a", "Liver", "40"]]


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_a_cell_type_with_hardly_a_measurement_has_no_correlation(rows: int, tmp_path: Path) -> None:
    activity = rising()
    activity[rows:, 1] = np.nan
    comparison = a_comparison(tmp_path, activity)
    table = cells(accuracy.accuracy(comparison, {"a": off_by(activity, 0.25, 0.3)}))
    liver = table[2]
    assert liver[2] == str(rows)
    if rows == 0:
        assert set(liver[3:]) == {"undefined"}
    if rows == 1:
        assert liver[3:7] == ["undefined", "undefined", "0.250 (n < 30)", "undefined"]
        assert liver[9:] == ["100.0 %", "0.60"]
    if rows == 2:
        assert liver[3] == "-1.000 (n < 30)" or liver[3] == "1.000 (n < 30)"
    assert "undefined" not in table[1]


def test_a_constant_column_has_an_error_and_no_correlation(tmp_path: Path) -> None:
    activity = rising()
    activity[:, 1] = 1.0
    comparison = a_comparison(tmp_path, activity)
    predictions = {"a": off_by(activity, 0.25, 0.3), "b": off_by(activity, 0.5, 0.3)}
    liver = cells(accuracy.accuracy(comparison, predictions))[2]
    assert liver[3:7] == ["undefined", "undefined", "0.250 (0.250-0.250)", "undefined"]
    assert cells(accuracy.differences(comparison, predictions, "a"))[1][2] == "undefined"
    assert (
        cells(accuracy.small_draws(comparison, predictions))[1][1:] == ["undefined"] * 4
    )  # 40 are too few to draw from


def test_a_constant_prediction_has_no_correlation(tmp_path: Path) -> None:
    activity = rising()
    found = off_by(np.ones_like(activity), 0.0, 0.3)
    assert cells(accuracy.accuracy(a_comparison(tmp_path, activity), {"a": found}))[1][3] == "undefined"


def test_fewer_than_thirty_elements_have_no_interval(tmp_path: Path) -> None:
    activity = rising(29)
    table = cells(accuracy.accuracy(a_comparison(tmp_path, activity), {"a": off_by(activity, 0.0, 0.3)}))
    assert table[1][3:6] == ["1.000 (n < 30)", "1.000 (n < 30)", "0.000 (n < 30)"]


def test_what_could_not_be_fitted_is_undefined_beside_what_could(tmp_path: Path) -> None:
    activity = rising()
    comparison = a_comparison(tmp_path, activity)
    fitted = off_by(activity, 0.25, 0.3)
    predictions = {"a": unfitted(fitted, 1), "b": fitted}
    table = cells(accuracy.accuracy(comparison, predictions))
    assert set(table[2][3:]) == {"undefined"}
    assert table[1][3:] == table[3][3:] and "undefined" not in table[4]
    assert cells(accuracy.differences(comparison, predictions, "b"))[1] == [
        "a", "+0.0000 (+0.0000 to +0.0000)", "undefined",
    ]  # fmt: skip
    assert cells(accuracy.specificity(comparison, predictions))[1] == ["a", "undefined", "undefined", "undefined"]


def test_an_interval_that_val_cannot_give_is_infinite(tmp_path: Path) -> None:
    activity = rising()
    found = off_by(activity, 0.25, np.inf)
    assert cells(accuracy.accuracy(a_comparison(tmp_path, activity), {"a": found}))[1][9:] == ["100.0 %", "infinite"]


def test_small_categories_are_counted_only(tmp_path: Path) -> None:
    activity = rising()
    table = cells(accuracy.categories(a_comparison(tmp_path, activity), {"a": off_by(activity, 0.0, 0.3)}, "a"))
    assert [row[:3] for row in table[1:]] == [
        ["none", "K562", "10"], ["none", "Liver", "10"], ["a_peak", "K562", "30"], ["a_peak", "Liver", "30"],
    ]  # fmt: skip
    assert table[3][3] == "1.000 (1.000-1.000)" and len(table[1]) == 3


def test_bounds_below_zero_are_not_mistaken_for_marks() -> None:
    assert str(Interval(0.141, -0.089, 0.358)) == "0.141 (-0.089 to 0.358)"
    assert str(Interval(0.141, 0.089, 0.358)) == "0.141 (0.089-0.358)"
    assert Interval(-0.0004, -0.0012, 0.0003).signed() == "-0.0004 (-0.0012 to +0.0003)"


def test_coverage_by_tenth_and_category_is_counted(tmp_path: Path) -> None:
    """The ten weakest of 40 are off by more than their interval: the first two tenths and half of the third, rising."""
    activity = rising()
    comparison = a_comparison(tmp_path, activity)
    seed = off_by(activity, 0.0, 0.3).seeds[0]
    missed = activity < 0.95
    found = {"a": SeededPredictions((Predicted(seed.activity, np.where(missed, seed.upper, seed.lower), seed.upper),))}
    first, second = cells(accuracy.coverage(comparison, found, "a"))[1:]
    shares = ["0.0 %", "0.0 %", "50.0 %", *["100.0 %"] * 7]
    assert first == ["K562", *shares] and second == ["Liver", *shares]
    table = cells(accuracy.categories(comparison, found, "a"))
    assert [row[-1] for row in table[1:] if row[0] == "a_peak"] == ["76.7 %", "73.3 %"]
    assert cells(accuracy.coverage(comparison, {"a": unfitted(found["a"], 1)}, "a"))[2][1:] == ["undefined"] * 10
