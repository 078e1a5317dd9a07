"""The exact conformal rule, what it promises, measured over many draws, and widths that follow the errors."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cistrace.checkpoints.intervals import (
    FEWEST_TO_SPREAD,
    conformal_bounds,
    conformal_half_width,
    conformal_rank,
    fewest_for_an_interval,
)
from cistrace.checkpoints.schema import Bounds

Rows = tuple[NDArray[np.float64], NDArray[np.float64]]


def skewed(count: int, random: np.random.Generator) -> Rows:
    """Predictions, and residuals whose spread grows fourfold with them, further above than below."""
    predicted = random.normal(size=count)
    spread = np.exp(0.45 * np.clip(predicted, -1.6, 1.6))
    return predicted, spread * (random.gumbel(size=count) - np.euler_gamma)


@pytest.mark.parametrize(
    ("count", "rank"), [(0, 1), (8, 9), (9, 9), (10, 10), (18, 18), (19, 18), (20, 19), (99, 90), (100, 91), (999, 900)]
)
def test_the_rank_is_exact(count: int, rank: int) -> None:
    assert conformal_rank(count) == rank


@given(st.integers(0, 3000), st.integers(1, 99))
def test_no_smaller_rank_grants_the_coverage(count: int, percent: int) -> None:
    miss = Fraction(percent, 100)
    rank = conformal_rank(count, miss)
    assert Fraction(rank, count + 1) >= 1 - miss > Fraction(rank - 1, count + 1)


def test_the_half_width_is_that_residual() -> None:
    residuals = np.array([(-1) ** place * place for place in range(1, 21)], dtype=np.float64)
    assert conformal_half_width(np.random.default_rng(0).permutation(residuals)) == 19
    assert conformal_half_width(residuals[:9]) == 9


@pytest.mark.parametrize("count", range(9))
def test_too_few_residuals_grant_no_width(count: int) -> None:
    assert conformal_half_width(np.ones(count)) == math.inf


def test_the_fewest_residuals_that_grant_one() -> None:
    assert fewest_for_an_interval() == 9
    for miss in (Fraction(1, 20), Fraction(1, 3), Fraction(2, 7)):
        fewest = fewest_for_an_interval(miss)
        assert math.isfinite(conformal_half_width(np.ones(fewest), miss))
        assert math.isinf(conformal_half_width(np.ones(fewest - 1), miss))


@pytest.mark.parametrize("count", [9, 20, 100, 1_000])
def test_coverage_over_many_draws_is_what_the_rank_promises(count: int) -> None:
    """Over draws of residuals and of one further element it is rank / (n + 1) exactly: neither less nor more.

    Given the residuals, a further element of a uniform distribution is covered with the probability of the width
    itself, so each draw tells its coverage without a second draw. That is Beta(rank, n + 1 - rank) distributed, and the
    mean of 4,000 draws lies within four of its standard errors.
    """
    draws, random = 4_000, np.random.default_rng(count)
    widths = np.array([conformal_half_width(random.uniform(0, 1, count)) for _ in range(draws)])
    share = conformal_rank(count) / (count + 1)
    error = math.sqrt(share * (1 - share) / (count + 2) / draws)
    assert abs(widths.mean() - share) < 4 * error
    # One rank more or less, as by a slip of the rule, is further away than that.
    assert 1 / (count + 1) > 5 * error


@pytest.mark.parametrize("count", [19, 100, 500])
def test_each_side_is_missed_as_often_as_its_rank_says(count: int) -> None:
    """Whatever the spreads: over draws a further element lies beyond a side with 1 - rank / (n + 1), neither more."""
    draws, further, random = 1_500, 40, np.random.default_rng(count)
    missed = []
    for _ in range(draws):
        bounds = conformal_bounds(skewed(FEWEST_TO_SPREAD, random), skewed(count, random))
        assert bounds is not None and len(bounds.at) > 1
        activity, residuals = skewed(further, random)
        lower, upper = bounds.about(activity)
        missed.append([(activity + residuals < lower).mean(), (activity + residuals > upper).mean()])
    promised = 1 - conformal_rank(count, Fraction(1, 20)) / (count + 1)
    error = np.std(missed, axis=0, ddof=1) / math.sqrt(draws)
    assert (np.abs(np.mean(missed, axis=0) - promised) < 4 * error).all()
    assert (error < 0.002).all()


def test_weak_and_strong_elements_are_covered_alike() -> None:
    """Over draws, by tenth of predicted activity: how far coverage strays from 90 %."""
    adapted, alike = [], []
    for seed in range(20):
        random = np.random.default_rng(seed)
        fitted, held, further = (skewed(count, random) for count in (700, 1_750, 10_000))
        adapted.append(covered_by_tenth(conformal_bounds(fitted, held), further))
        alike.append(covered_by_tenth(conformal_bounds((fitted[0][:9], fitted[1][:9]), held), further))
    assert np.mean(adapted, axis=0).min() > 0.87 and np.mean(adapted, axis=0).max() < 0.93
    strays, strays_alike = (np.sqrt(np.mean((np.array(shares) - 0.9) ** 2)) for shares in (adapted, alike))
    assert strays < 0.03 < 0.09 < strays_alike


def covered_by_tenth(bounds: Bounds | None, further: Rows) -> list[float]:
    assert bounds is not None
    activity, residuals = further
    lower, upper = bounds.about(activity)
    inside = (lower <= activity + residuals) & (activity + residuals <= upper)
    return [float(inside[rows].mean()) for rows in np.array_split(np.argsort(activity), 10)]


@given(st.integers(0, 10_000), st.sampled_from([5, 60, 150]), st.sampled_from([60, 300]))
@settings(max_examples=40)
def test_intervals_hold_the_activity_and_grow_as_less_may_be_missed(seed: int, few: int, many: int) -> None:
    random = np.random.default_rng(seed)
    fitted, held = skewed(few, random), skewed(many, random)
    activity = np.linspace(-9, 9, 50)
    inner: tuple[NDArray[np.float64], NDArray[np.float64]] = (activity, activity)
    for miss in (Fraction(9, 10), Fraction(1, 2), Fraction(1, 5), Fraction(1, 10)):
        bounds = conformal_bounds(fitted, held, miss)
        assert bounds is not None
        lower, upper = bounds.about(activity)
        assert (lower <= inner[0]).all() and (upper >= inner[1]).all()
        inner = lower, upper


def test_few_rows_have_one_width() -> None:
    random = np.random.default_rng(0)
    held = skewed(200, random)
    few = conformal_bounds(skewed(FEWEST_TO_SPREAD - 1, random), held)
    half = conformal_half_width(held[1])
    assert few == Bounds((0.0,), (half,), (half,))
    enough = conformal_bounds(skewed(FEWEST_TO_SPREAD, random), held)
    assert enough is not None and len(enough.at) == 4
    # One side alone is not granted by 18 rows.
    assert conformal_bounds(skewed(200, random), skewed(18, random)) != few
    assert len((conformal_bounds(skewed(200, random), skewed(18, random)) or enough).at) == 1


@pytest.mark.parametrize("count", range(9))
def test_too_few_rows_have_no_bounds(count: int) -> None:
    random = np.random.default_rng(count)
    assert conformal_bounds(skewed(200, random), skewed(count, random)) is None


def test_predictions_that_are_all_alike_have_one_width() -> None:
    residuals = np.random.default_rng(0).normal(size=200)
    alike = np.zeros(200)
    found = conformal_bounds((alike, residuals), (alike, residuals))
    assert found is not None and found.at == (0.0,) and found.below == found.above


def test_errors_of_one_side_alone_widen_that_side_alone() -> None:
    predicted = np.linspace(-1, 1, 200)
    found = conformal_bounds((predicted, np.ones(200)), (predicted, np.ones(200)))
    assert found is not None
    assert found.below == (0.0,) * 4 and found.above == pytest.approx((1.0,) * 4)


def test_between_places_bounds_are_linear_and_beyond_them_constant() -> None:
    bounds = Bounds((0.0, 1.0), (0.5, 1.0), (1.0, 2.0))
    lower, upper = bounds.about(np.array([-5.0, 0.0, 0.5, 1.0, 9.0]))
    assert lower.tolist() == [-5.5, -0.5, -0.25, 0.0, 8.0] and upper.tolist() == [-4.0, 1.0, 2.0, 3.0, 11.0]
