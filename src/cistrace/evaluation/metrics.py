"""Figures of merit with 95 % bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Metric = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True)
class Interval:
    """A figure and its 95 % percentile bootstrap interval."""

    value: float
    lower: float
    upper: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.lower:.3f}-{self.upper:.3f})"


def pearson(predicted: np.ndarray, measured: np.ndarray) -> float:
    return float(np.corrcoef(predicted, measured)[0, 1])


def spearman(predicted: np.ndarray, measured: np.ndarray) -> float:
    """Pearson of ranks, ties sharing their mean rank."""
    return pearson(ranks(predicted), ranks(measured))


def rmse(predicted: np.ndarray, measured: np.ndarray) -> float:
    return float(np.sqrt(np.square(predicted - measured).mean()))


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, ties sharing their mean."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[place]


def bootstrap(
    metric: Metric, predicted: np.ndarray, measured: np.ndarray, draws: int = 1000, seed: int = 0
) -> Interval:
    """The metric, and the 2.5th and 97.5th percentile over resampled rows.

    Parameters
    ----------
    predicted, measured : ndarray, shape (N,)
    """
    random = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        rows = random.integers(0, len(measured), len(measured))
        values.append(metric(predicted[rows], measured[rows]))
    lower, upper = np.quantile(values, [0.025, 0.975])
    return Interval(metric(predicted, measured), float(lower), float(upper))


def coverage(lower: np.ndarray, upper: np.ndarray, measured: np.ndarray) -> float:
    """Share of measurements inside their intervals."""
    return float(((lower <= measured) & (measured <= upper)).mean())
