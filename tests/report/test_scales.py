"""The scale of a cell type as it is drawn."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from cistrace.checkpoints.schema import CellScale
from cistrace.report.scales import scale_views


def test_the_density_is_that_of_the_quantiles() -> None:
    normal = NormalDist(1.0, 0.5)
    quantiles = [normal.inv_cdf(share) for share in np.linspace(0.0025, 0.9975, 201)]
    (view,) = scale_views({"x": CellScale(0.0, 1.0, (0.7, 1.0, 1.3), tuple(quantiles), {})}).values()
    density, heights = view["density"], view["density"]["heights"]
    places = np.linspace(density["first"], density["last"], len(heights))
    assert view["cuts"] == [0.7, 1.0, 1.3] and max(heights) == 100
    expected = [100 * normal.pdf(at) / normal.pdf(1.0) for at in places]
    assert heights == pytest.approx(expected, abs=6)


def test_elements_that_are_all_alike_are_drawn_all_the_same() -> None:
    view = scale_views({"x": CellScale(0.0, 1.0, (0.0, 1.0, 2.0), (1.0, 1.0), {})})["x"]["density"]
    assert view["first"] <= 1.0 <= view["last"] and max(view["heights"]) == 100
