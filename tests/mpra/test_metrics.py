from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from cistrace.evaluation.intervals import bootstrap
from cistrace.mpra.metrics import (
    accuracy,
    coverage,
    levels,
    macro_f1,
    pearson,
    r2,
    ranks,
    rmse,
    spearman,
    top_precision,
)


def test_metrics_agree_with_scipy() -> None:
    random = np.random.default_rng(0)
    a = random.integers(0, 20, 200).astype(float)
    b = a + random.normal(0, 5, 200)
    assert pearson(a, b) == pytest.approx(stats.pearsonr(a, b).statistic)
    assert spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)
    np.testing.assert_allclose(ranks(a), stats.rankdata(a))
    assert rmse(a, b) == pytest.approx(np.sqrt(((a - b) ** 2).mean()))


def test_the_bootstrap_interval_is_that_of_theory() -> None:
    random = np.random.default_rng(1)
    a = random.normal(size=2000)
    b = 0.8 * a + 0.6 * random.normal(size=2000)
    found = bootstrap(pearson, a, b, draws=600)
    half = 1.96 * (1 - found.value**2) / np.sqrt(2000)
    assert found.lower == pytest.approx(found.value - half, abs=0.006)
    assert found.upper == pytest.approx(found.value + half, abs=0.006)


def test_coverage_counts_the_edges() -> None:
    assert coverage(np.zeros(4), np.ones(4), np.array([0.0, 1.0, 0.5, 1.1])) == 0.75


def test_shares_of_variance_and_of_levels_agree_with_sklearn() -> None:
    random = np.random.default_rng(2)
    a = random.normal(size=200)
    b = a + random.normal(size=200)
    assert r2(a, b) == pytest.approx(sk.r2_score(b, a))
    cuts = np.array([-1.0, 0.0, 0.5])
    named, true = levels(a, cuts), levels(b, cuts)
    np.testing.assert_array_equal(named, np.digitize(a, cuts))
    assert accuracy(named, true) == pytest.approx(sk.accuracy_score(true, named))
    assert macro_f1(named, true) == pytest.approx(sk.f1_score(true, named, average="macro"))


def test_a_level_that_nobody_names_counts_as_nothing_right() -> None:
    named, true = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])
    expected = sk.f1_score(true, named, labels=[0, 1, 2, 3], average="macro", zero_division=0)
    assert macro_f1(named, true) == pytest.approx(expected) == pytest.approx((1 + 2 / 3) / 4)


def test_what_does_not_vary_has_neither_correlation_nor_explained_variance() -> None:
    one, rising = np.ones(5), np.arange(5.0)
    assert all(np.isnan(figure(rising, one)) for figure in (pearson, spearman, r2))
    assert np.isnan(pearson(one, rising)) and r2(one, rising) < 0


def test_the_highest_tenth_is_counted_by_its_members() -> None:
    measured = np.arange(20.0)
    assert top_precision(measured, measured) == 1.0
    assert top_precision(-measured, measured) == 0.0
    half = measured.copy()
    half[[0, 18]] = half[[18, 0]]  # one of the two highest changes places with the lowest
    assert top_precision(half, measured) == 0.5
