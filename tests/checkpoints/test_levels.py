"""Level, probabilities and percentile: of one distribution, so that none contradicts another."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from checkpoint_helpers import CALIBRATION, QUANTILES, SCALE
from hypothesis import given
from hypothesis import strategies as st

from cistrace.checkpoints.levels import foresee, normal_scores

calibrations = st.builds(
    lambda shift, spread: replace(CALIBRATION, shift=shift, spread=spread),
    st.floats(-1, 1),
    st.floats(0.01, 3),
)


@given(st.floats(-50, 50), calibrations)
def test_the_level_is_the_most_probable_one(activity: float, calibration: object) -> None:
    found = foresee(activity, calibration, SCALE)  # type: ignore[arg-type]
    assert found.level == int(np.argmax(found.level_probabilities))
    assert sum(found.level_probabilities) == pytest.approx(1, abs=1e-12)
    assert min(found.level_probabilities) >= 0 and 0 < found.percentile < 100


@given(st.floats(-8, 8), st.floats(0.001, 5), calibrations)
def test_all_three_rise_with_the_activity(activity: float, more: float, calibration: object) -> None:
    low, high = (foresee(value, calibration, SCALE) for value in (activity, activity + more))  # type: ignore[arg-type]
    assert low.level <= high.level and low.percentile <= high.percentile
    for part in range(1, 4):
        assert sum(low.level_probabilities[part:]) <= sum(high.level_probabilities[part:]) + 1e-12


def test_normal_scores_of_natural_elements_that_are_normal() -> None:
    activity = np.linspace(-3, 5, 33)
    np.testing.assert_allclose(normal_scores(activity, QUANTILES), (activity - 1) / 2, atol=0.01)
    np.testing.assert_allclose(normal_scores(np.array([-99, 99]), QUANTILES), [-2.807, 2.807], atol=1e-3)


def test_exact_probabilities_of_a_normal_measurement() -> None:
    found = foresee(1.0, replace(CALIBRATION, shift=0.0, spread=1.0), SCALE)
    np.testing.assert_allclose(found.level_probabilities, [0.25] * 4, atol=1e-9)
    assert found.percentile == pytest.approx(50)
    shifted = foresee(1.0, replace(CALIBRATION, shift=0.5, spread=0.5), SCALE)
    assert shifted.percentile == pytest.approx(69.146, abs=1e-3)  # of the standard normal below 0.5
    # Below -0.6745, 0 and 0.6745, of a normal about 0.5 with deviation 0.5.
    np.testing.assert_allclose(np.cumsum(shifted.level_probabilities)[:3], [0.00942, 0.15866, 0.63645], atol=1e-4)


def test_median_and_probabilities_are_of_one_distribution() -> None:
    """Half of the probability lies above a cut point exactly where the percentile passes that of the cut point."""
    for cut, share in zip(SCALE.cuts, (25, 50, 75)):
        calibration = replace(CALIBRATION, shift=0.0)
        found = foresee(cut, calibration, SCALE)
        assert found.percentile == pytest.approx(share, abs=1e-9)
        assert sum(found.level_probabilities[: SCALE.cuts.index(cut) + 1]) == pytest.approx(0.5)


def test_a_wider_spread_is_less_sure() -> None:
    surest = [
        max(foresee(-4.0, replace(CALIBRATION, spread=spread), SCALE).level_probabilities)
        for spread in (0.1, 0.3, 1.0, 3.0)
    ]
    assert all(more > less for more, less in pairwise(surest))


def test_probabilities_are_calibrated_where_the_model_holds() -> None:
    """Of elements told a level with probability p, about p have it."""
    random = np.random.default_rng(0)
    activity = random.normal(1, 1.4, 4_000)
    measured = 1 + 2 * ((activity - 1) / 2 + CALIBRATION.shift + CALIBRATION.spread * random.normal(size=4_000))
    levels = np.searchsorted(SCALE.cuts, measured, side="right")
    told = np.array([foresee(value, CALIBRATION, SCALE).level_probabilities for value in activity])
    for level in range(4):
        bins = np.digitize(told[:, level], [0.1, 0.2, 0.3, 0.4, 0.5, 0.7])
        for place in np.unique(bins):
            rows = bins == place
            expected = told[rows, level].mean()
            error = np.sqrt(expected * (1 - expected) / rows.sum())
            assert abs((levels[rows] == level).mean() - expected) < 4 * error + 0.005
