"""Figures of merit. Predicted and measured activities are float64 (N,), log2(RNA/DNA), without NaN."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEVELS = 4


def pearson(predicted: NDArray[np.floating], measured: NDArray[np.floating]) -> float:
    """Correlation, of float32 too; NaN where one of the two is constant."""
    a, b = predicted - predicted.mean(), measured - measured.mean()
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 0 else float("nan")


def spearman(predicted: NDArray[np.float64], measured: NDArray[np.float64]) -> float:
    """Pearson of ranks, ties sharing their mean rank."""
    return pearson(ranks(predicted), ranks(measured))


def rmse(predicted: NDArray[np.float64], measured: NDArray[np.float64]) -> float:
    """Root of the mean squared error, in the unit of the values."""
    return float(np.sqrt(np.square(predicted - measured).mean()))


def r2(predicted: NDArray[np.float64], measured: NDArray[np.float64]) -> float:
    """Share of the variance explained, as predicted: no line is fitted, so it can be negative.

    NaN where the measurements are constant.
    """
    variance = np.square(measured - measured.mean()).sum()
    return float(1 - np.square(predicted - measured).sum() / variance) if variance > 0 else float("nan")


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1, ties sharing their mean."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[place]


def levels(activity: NDArray[np.float64], cuts: NDArray[np.float64]) -> NDArray[np.int64]:
    """Levels 0-3, int64 (N,), by three rising cut points, (3,); a value on a cut belongs above it."""
    return np.searchsorted(cuts, activity, side="right")


def accuracy(predicted: NDArray[np.int64], measured: NDArray[np.int64]) -> float:
    """Share of levels, int64 (N,), that are right."""
    return float((predicted == measured).mean())


def macro_f1(predicted: NDArray[np.int64], measured: NDArray[np.int64]) -> float:
    """Mean over the levels of the harmonic mean of precision and recall; 0 for a level that is nowhere right."""
    found = []
    for level in range(LEVELS):
        right = np.sum((predicted == level) & (measured == level))
        named = np.sum(predicted == level) + np.sum(measured == level)
        found.append(2 * right / named if named else 0.0)
    return float(np.mean(found))


def coverage(lower: NDArray[np.float64], upper: NDArray[np.float64], measured: NDArray[np.float64]) -> float:
    """Share of measurements inside their intervals, edges included."""
    return float(((lower <= measured) & (measured <= upper)).mean())


def top_precision(predicted: NDArray[np.float64], measured: NDArray[np.float64], share: float = 0.1) -> float:
    """Of the `share` of elements predicted highest, how many are among as many measured highest."""
    count = max(1, round(share * len(measured)))
    first = set(np.argsort(-predicted, kind="stable")[:count].tolist())
    return len(first & set(np.argsort(-measured, kind="stable")[:count].tolist())) / count
