from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cistrace.evaluation.intervals import bootstrap
from cistrace.mpra.metrics import coverage, pearson, ranks, rmse, spearman


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
