"""Learning curves and what is drawn out of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from evaluation_helpers import a_comparison, rising

from cistrace.arms.curve import extrapolated, fit_power_law, share_plan, write_curve
from cistrace.arms.plan import Plan
from cistrace.errors import DataError
from cistrace.mpra.metrics import pearson


def test_a_power_law_is_found_again() -> None:
    rows = [100, 200, 400, 800]
    law = fit_power_law(rows, [0.9 - 2.0 * n**-0.4 for n in rows], 0.9)
    assert law is not None
    assert (law.scale, law.rate, law.at(1600)) == pytest.approx((2.0, 0.4, 0.9 - 2.0 * 1600**-0.4))


def test_there_is_none_where_the_top_is_reached() -> None:
    assert fit_power_law([1, 2, 3], [0.5, 0.8, 0.95], 0.92) is None


def test_shares_have_the_same_passes_and_fewer_updates() -> None:
    plan = Plan(rows=1, passes=3, batch=10)
    assert [share_plan(plan, share, 1000).steps for share in (0.12, 0.5, 1.0)] == [36, 150, 300]


def a_curve(measured: np.ndarray) -> dict[int, np.ndarray]:
    random = np.random.default_rng(2)
    noise = random.normal(size=measured.shape)
    return {n: (measured + 30.0 * n**-0.5 * noise)[None] for n in (100, 200, 400, 800)}


def test_the_extrapolation_is_the_laws_and_its_interval_holds_it(tmp_path: Path) -> None:
    comparison = a_comparison(tmp_path, rising(200))
    curve = a_curve(comparison.judged.activity)
    found = extrapolated(comparison, curve, 0, 1.0, draws=100)
    rows, measured = sorted(curve), comparison.judged.activity[:, 0]
    law = fit_power_law(rows, [pearson(curve[n][0][:, 0], measured) for n in rows], 1.0)
    assert found is not None and law is not None
    assert found.value == pytest.approx(law.at(1600)) and found.lower < found.value < found.upper < 1
    assert extrapolated(comparison, curve, 0, 0.5, draws=10) is None
    with pytest.raises(DataError, match="found 2 sizes, expected at least 3"):
        extrapolated(comparison, {n: curve[n] for n in (100, 200)}, 0, 1.0)


def test_the_report_says_what_is_drawn_out(tmp_path: Path) -> None:
    comparison = a_comparison(tmp_path, rising(200))
    text = write_curve(
        comparison, Plan(rows=800), "light", a_curve(comparison.judged.activity), [], "cistrace evaluate"
    ).read_text()
    assert "| 100 |" in text and "| 800 |" in text and "Extrapolated to 2 times 800" in text
    assert "nobody has measured this" in text and "undefined" not in text and "the ceiling" not in text.split("|")[-9:]
