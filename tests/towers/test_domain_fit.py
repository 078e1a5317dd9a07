from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tower_helpers import random_domain

from cistrace.towers.domain_fit import (
    DIRECTIONS,
    FEWEST_LEARNT,
    FEWEST_UNSEEN,
    FLAGGED,
    domain_of,
    fit_domain,
    widening,
    with_limits_of,
)

# Axes with spreads of 1 to 2: of spreads a hundred times apart float16 would tell less.
MIX = np.linspace(1, 2, 6)[:, None] * np.linalg.qr(np.random.default_rng(5).normal(size=(6, 6)))[0]


def elements(count: int, seed: int, shift: float = 0.0) -> NDArray[np.float32]:
    """Features with covariances; `shift` in their own spread along the first axis."""
    draws = np.random.default_rng(seed).normal(size=(count, 6))
    draws[:, 0] += shift
    return (draws @ MIX + 3).astype(np.float32)


def test_the_distance_is_mahalanobis_of_what_was_learnt_from() -> None:
    learnt, far = elements(2000, 0), elements(3000, 1, 0.01)
    found = domain_of(learnt, elements(2000, 3, 0.01), elements(1000, 2))
    mean, inverse = learnt.mean(axis=0), np.linalg.inv(np.cov(learnt.T))
    brute = np.array([np.sqrt((row - mean) @ inverse @ (row - mean) / 6) for row in far])
    found = replace(found, direction=np.zeros(6, np.float32))
    ratio = found.distances(far) / brute
    np.testing.assert_allclose(ratio, ratio.mean(), rtol=3e-3)  # one unit for all; whitening is float16
    assert found.whitening.shape == (6, min(6, DIRECTIONS))


def test_what_is_like_the_shuffles_is_far_though_it_lies_near_the_mean() -> None:
    learnt, shuffled, unseen = elements(2000, 0), elements(2000, 1, 3.0), elements(1000, 2)
    found = domain_of(learnt, shuffled, unseen)
    out = found.distances(elements(500, 3, 3.0)) > found.threshold
    assert out.mean() > 0.7
    blind = replace(found, direction=np.zeros(6, np.float32))
    assert (blind.distances(elements(500, 3, 3.0)) > found.threshold).mean() < out.mean() - 0.15


def test_one_of_twenty_unseen_elements_lies_beyond_the_threshold() -> None:
    unseen = elements(1000, 2)
    found = domain_of(elements(2000, 0), elements(2000, 1, 3.0), unseen)
    distances = found.distances(unseen)
    assert (distances > found.threshold).mean() == pytest.approx(FLAGGED, abs=0.002)
    assert np.quantile(found.percentiles(distances), [0, 0.5, 1]) == pytest.approx([0, 50, 100], abs=0.5)


def test_a_domain_with_other_elements_limits_keeps_its_directions_and_flags_a_twentieth_of_them() -> None:
    before, own = domain_of(elements(2000, 0), elements(2000, 1, 3.0), elements(1000, 2)), elements(200, 4, 1.5)
    found = with_limits_of(replace(before, widening=2.0), own)
    np.testing.assert_array_equal(found.whitening, before.whitening)
    np.testing.assert_array_equal(found.distances(own), before.distances(own))
    assert (found.distances(own) > found.threshold).mean() == pytest.approx(FLAGGED, abs=0.005)
    assert found.threshold > before.threshold and found.widening == 1


def letters(bases: Sequence[str]) -> NDArray[np.float32]:
    pairs = [first + second for first in "ACGT" for second in "ACGT"]
    return np.array([[one.count(pair) for pair in pairs] for one in bases], np.float32).reshape(-1, 16)


def test_a_domain_of_sequences_flags_what_has_another_composition() -> None:
    random = np.random.default_rng(0)
    natural = ["".join(random.choice(list("ACGT"), 60)) for _ in range(FEWEST_LEARNT + FEWEST_UNSEEN)]
    learnt, unseen = natural[:FEWEST_LEARNT], natural[FEWEST_LEARNT:]
    found = fit_domain(letters, learnt, letters(unseen))
    assert found is not None
    assert (found.distances(letters(["GC" * 30, "A" * 60, "AAC" * 20])) > found.threshold).all()
    again = fit_domain(letters, learnt, letters(unseen))
    assert again is not None and np.array_equal(again.whitening, found.whitening) and again.threshold == found.threshold
    assert fit_domain(letters, learnt[1:], letters(unseen)) is None
    assert fit_domain(letters, learnt, letters(unseen[1:])) is None


def test_the_widening_covers_nine_of_ten_rows_beyond() -> None:
    domain = replace(random_domain(4), threshold=1.0)
    distances = np.full(99, 2.0, np.float32)
    shares = np.arange(1, 100.0)[:, None] / 10  # beyond: the distance alone would let 2 pass
    factor = widening(domain, distances, shares)
    assert factor == 4.5  # the 90th of 99 is 9.0, at twice the threshold
    assert (shares <= 2 * factor).mean() == pytest.approx(90 / 99)
    inside = np.concatenate([shares, np.full((50, 1), 99.0)])
    assert widening(domain, np.concatenate([distances, np.zeros(50, np.float32)]), inside) == factor


def test_too_few_rows_or_small_errors_widen_nothing() -> None:
    domain = replace(random_domain(4), threshold=1.0)
    assert widening(domain, np.full(8, 2.0, np.float32), np.full((8, 1), 50.0)) == 1.0
    assert widening(domain, np.full(9, 2.0, np.float32), np.full((9, 1), 50.0)) == 25.0
    assert widening(domain, np.full(50, 2.0, np.float32), np.full((50, 1), 0.1)) == 1.0
    assert widening(domain, np.full(9, 2.0, np.float32), np.full((9, 1), np.nan)) == 1.0
