"""95 % bootstrap intervals: of one figure, and of the difference between two arms on the same elements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Metric = Callable[[np.ndarray, np.ndarray], float]
DRAWS = 1000


@dataclass(frozen=True)
class Interval:
    """A figure and its 95 % percentile bootstrap interval."""

    value: float
    lower: float
    upper: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.lower:.3f}-{self.upper:.3f})"

    def signed(self) -> str:
        """With signs and four decimals, for differences."""
        return f"{self.value:+.4f} ({self.lower:+.4f} to {self.upper:+.4f})"


def resamples(rows: int, draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """Rows drawn with replacement: int64 (draws, rows), the same for the same numbers."""
    return np.random.default_rng(seed).integers(0, rows, (draws, rows))


def bootstrap(metric: Metric, predicted: np.ndarray, measured: np.ndarray, draws: int = DRAWS) -> Interval:
    """The metric with its interval over resampled elements; with several seeds, the mean of the seeds' metrics.

    Parameters
    ----------
    predicted : ndarray, shape (N,) or (seeds, N)
    measured : ndarray, shape (N,)
    """
    several = np.atleast_2d(predicted)
    drawn = [_mean(metric, several[:, rows], measured[rows]) for rows in resamples(len(measured), draws)]
    return _interval(_mean(metric, several, measured), drawn)


def difference(
    metric: Metric, first: np.ndarray, second: np.ndarray, measured: np.ndarray, draws: int = DRAWS
) -> Interval:
    """Metric of `first` less that of `second`, both on the same resampled elements; seeds averaged as above."""
    one, two = np.atleast_2d(first), np.atleast_2d(second)

    def gap(rows: np.ndarray | slice) -> float:
        return _mean(metric, one[:, rows], measured[rows]) - _mean(metric, two[:, rows], measured[rows])

    return _interval(gap(slice(None)), [gap(rows) for rows in resamples(len(measured), draws)])


def subsamples(metric: Metric, predicted: np.ndarray, measured: np.ndarray, size: int, draws: int = DRAWS) -> Interval:
    """Mean and central 95 % of the metric over draws of `size` elements without replacement.

    So the R3LM paper samples, with n = 100.
    """
    random = np.random.default_rng(0)
    size = min(size, len(measured))
    found = []
    for _ in range(draws):
        rows = random.permutation(len(measured))[:size]
        found.append(metric(predicted[rows], measured[rows]))
    return _interval(float(np.mean(found)), found)


def _mean(metric: Metric, several: np.ndarray, measured: np.ndarray) -> float:
    return float(np.mean([metric(row, measured) for row in several]))


def _interval(value: float, drawn: list[float]) -> Interval:
    lower, upper = np.quantile(drawn, [0.025, 0.975])
    return Interval(value, float(lower), float(upper))
