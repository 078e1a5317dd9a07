"""What a measurement will be: level, its probabilities and percentile, all from one distribution about the activity.

The scale is that of natural elements: a measurement's percentile among them, as the normal deviate below which that
share of a standard normal lies (its *normal score*). There residuals have one spread and no skew to speak of, where in
log2 units both grow with the activity. A further measurement of an element is foreseen as normal about

    normal score of the predicted activity + shift,    with one spread a cell type and readout,

both from val rows that fitted nothing (`calibration.calibrate`). Of that distribution `level_probabilities` are the
shares between the cut points, `level` is the most probable one (of two alike the lower), and `percentile` the median.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from cistrace.checkpoints.schema import Calibration, CellScale

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What is foreseen of one measurement.

    Attributes
    ----------
    percentile : float
        0-100: half of the probability lies below this percentile of natural elements.
    level : int
        The most probable of levels 0-3.
    level_probabilities : tuple of 4 float
        They sum to 1.
    """

    percentile: float
    level: int
    level_probabilities: tuple[float, float, float, float]


def normal_scores(activity: NDArray[np.float64], quantiles: Sequence[float]) -> NDArray[np.float64]:
    """Activities, log2(RNA/DNA), any shape, as normal scores among natural elements.

    Parameters
    ----------
    quantiles : sequence of Q float
        Evenly spaced quantiles, 0 to 1, of natural elements' measured activity. Between them scores are interpolated;
        the outermost, and all beyond, count as half a step from the end: -2.81 and 2.81 with 201 quantiles.
    """
    return np.interp(activity, quantiles, _deviates(len(quantiles)))


@lru_cache(maxsize=8)
def _deviates(count: int) -> NDArray[np.float64]:
    """Standard normal deviates of evenly spaced shares, shape (count,)."""
    half_step = 0.5 / (count - 1)
    return np.array([_NORMAL.inv_cdf(share) for share in np.linspace(0, 1, count).clip(half_step, 1 - half_step)])


def foresee(activity: float, calibration: Calibration, scale: CellScale) -> Foreseen:
    """Percentile, level and probabilities of a measurement of an element of the given predicted activity."""
    middle, *cuts = normal_scores(np.array([activity, *scale.cuts]), scale.quantiles).tolist()
    middle += calibration.shift
    below = [0.0, *(_NORMAL.cdf((cut - middle) / calibration.spread) for cut in cuts), 1.0]
    first, second, third, fourth = (high - low for low, high in pairwise(below))
    probabilities = (first, second, third, fourth)
    return Foreseen(100 * _NORMAL.cdf(middle), probabilities.index(max(probabilities)), probabilities)
