"""The scale of each cell type as a page draws it: how natural elements are distributed, and where levels part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cistrace.checkpoints.schema import CellScale

POINTS = 81  # at which the density is drawn
TAIL = 0.0025  # share of the elements beyond either end of the drawing
SMOOTHED = 0.035  # of its width: standard deviation of the Gaussian that smooths it


def scale_views(scales: Mapping[str, CellScale]) -> dict[str, dict[str, Any]]:
    """Of every cell type `cuts` between levels, log2(RNA/DNA), and the `density` of natural elements.

    `density` has `first` and `last`, the activities between which its `heights` lie evenly spaced: whole percents of
    the largest.
    """
    return {
        name: {"cuts": [round(cut, 3) for cut in one.cuts], "density": _density(one)} for name, one in scales.items()
    }


def _density(scale: CellScale) -> dict[str, Any]:
    """A Gaussian kernel over elements that stand at evenly spaced shares between the quantiles."""
    shares = np.linspace(0, 1, len(scale.quantiles))
    first, last = np.interp([TAIL, 1 - TAIL], shares, scale.quantiles)
    width = SMOOTHED * max(last - first, 1e-6)
    elements = np.interp(np.linspace(0, 1, 1001), shares, scale.quantiles)
    places = np.linspace(first - 2 * width, last + 2 * width, POINTS)
    heights = np.exp(-(((places[:, None] - elements) / width) ** 2) / 2).sum(axis=1)
    whole = np.rint(100 * heights / heights.max()).astype(int).tolist()
    return {"first": round(float(places[0]), 3), "last": round(float(places[-1]), 3), "heights": whole}
