"""Intervals as wide as elements of a predicted activity need: locally adaptive split conformal prediction.

Strong elements are predicted less well than weak ones, and measurements lie further above predictions than below, or
less far. So both sides have a spread of their own, a function of the predicted activity: the mean of what measurements
fall short of predictions, and of what they exceed them by, on rows of val's part `fit`. Residuals of the part
`calibrate` are divided by the spread of their side, and the side's width is its spread times the
ceil((n + 1)(1 - miss / 2))-th smallest of these (Papadopoulos et al. 2008; Lei et al., JASA 2018): whatever the spreads
are, a further element of the same kind lies beyond the side with a probability of at most miss / 2.

Arrays and numbers alone: no model is run here.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from cistrace.checkpoints.schema import Bounds

MISS = Fraction(1, 10)
# Rows to fit spreads to: with 100 the coverage of tenths of predicted activity strays from 90 % by 0.034 (root mean
# square beyond chance, on val), with one width by 0.058; with 60 by 0.043, and intervals are 5 % wider than that width.
FEWEST_TO_SPREAD = 100
ENDS = (0.05, 0.95)  # of predictions, as quantiles: beyond them rows are few, and spreads stay as they are there
KNOTS = 4
EVENING = 10.0  # rows that every knot has beside its own, all with the mean spread
LEAST_SHARE = 0.4  # of the mean spread


def conformal_rank(count: int, miss: Fraction = MISS) -> int:
    """Which of `count` residuals, from 1, is the width: ceil((count + 1)(1 - miss)); it may exceed `count`."""
    return math.ceil((count + 1) * (1 - miss))


def fewest_for_an_interval(miss: Fraction = MISS) -> int:
    """The smallest number of residuals that grant a finite width: 9 for one of 90 %."""
    return math.ceil(1 / miss) - 1


def conformal_half_width(residuals: NDArray[np.float64], miss: Fraction = MISS) -> float:
    """The smallest half width that split conformal prediction grants for coverage 1 - miss; infinite where none is.

    Parameters
    ----------
    residuals : ndarray, float64, shape (N,)
        Measured less predicted, of rows that neither chose nor fitted anything.
    """
    return _ranked(np.abs(residuals), miss)


def _ranked(values: NDArray[np.float64], miss: Fraction) -> float:
    rank = conformal_rank(len(values), miss)
    return float(np.sort(values)[rank - 1]) if rank <= len(values) else math.inf


def conformal_bounds(
    fitted: tuple[NDArray[np.float64], NDArray[np.float64]],
    held: tuple[NDArray[np.float64], NDArray[np.float64]],
    miss: Fraction = MISS,
) -> Bounds | None:
    """Bounds about predictions for coverage 1 - miss; None where there are too few rows for any.

    With fewer than 100 rows to fit spreads to, or predictions that are all alike, one width, both sides together: what
    so few rows say of how errors change with activity is noise.

    Parameters
    ----------
    fitted : (ndarray, ndarray), float64, shape (N,)
        Predicted activities and residuals (measured less predicted) that spreads are fitted to.
    held : (ndarray, ndarray), float64, shape (M,)
        The same of rows that neither chose nor fitted anything.
    """
    predicted, residuals = fitted
    activities, held_residuals = held
    if len(predicted) >= FEWEST_TO_SPREAD and len(activities) >= fewest_for_an_interval(miss / 2):
        knots = np.quantile(predicted, np.linspace(*ENDS, KNOTS))
        if (np.diff(knots) > 0).all():
            sides = []
            for sign in (-1, 1):
                spread = _spread(knots, predicted, np.maximum(sign * residuals, 0))
                factor = _ranked(sign * held_residuals / np.interp(activities, knots, spread), miss / 2)
                sides.append(tuple((max(factor, 0.0) * spread).tolist()))
            return Bounds(tuple(knots.tolist()), *sides)
    half = conformal_half_width(held_residuals, miss)
    return Bounds((0.0,), (half,), (half,)) if math.isfinite(half) else None


def _spread(
    knots: NDArray[np.float64], predicted: NDArray[np.float64], errors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The mean of `errors`, none negative, at knots, shape (K,): least squares, linear between knots."""
    weights = np.stack([np.interp(predicted, knots, one) for one in np.eye(len(knots))], axis=1)
    mean = errors.mean()
    apart = np.linalg.solve(weights.T @ weights + EVENING * np.eye(len(knots)), weights.T @ (errors - mean))
    least: float = max(LEAST_SHARE * mean, np.finfo(np.float32).tiny)
    return np.maximum(mean + apart, least)
