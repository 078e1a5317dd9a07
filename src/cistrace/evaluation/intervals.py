"""95 % bootstrap intervals: of one figure, and of the difference between two contenders on the same elements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Metric = Callable[[NDArray[np.float64], NDArray[np.float64]], float]
DRAWS = 1000
FEWEST = 30  # elements below which a resampled interval says nothing
UNDEFINED = "undefined"


@dataclass(frozen=True)
class Interval:
    """A figure and its 95 % percentile bootstrap interval.

    NaN where a figure is not defined: no element, a column that does not vary, a contender that could not be fitted.
    The bounds alone are NaN where there are fewer than `FEWEST` elements.
    """

    value: float
    lower: float
    upper: float

    def __str__(self) -> str:
        return self._written(".3f", "-" if self.lower >= 0 else " to ")

    def signed(self) -> str:
        """With signs and four decimals, for differences."""
        return self._written("+.4f", " to ")

    def turned(self) -> Interval:
        """Of the difference the other way round."""
        return Interval(-self.value, -self.upper, -self.lower)

    def _written(self, form: str, mark: str) -> str:
        if np.isnan(self.value):
            return UNDEFINED
        if np.isnan(self.lower):
            return f"{self.value:{form}} (n < {FEWEST})"
        return f"{self.value:{form}} ({self.lower:{form}}{mark}{self.upper:{form}})"


NOTHING = Interval(float("nan"), float("nan"), float("nan"))


def resamples(rows: int, draws: int = DRAWS, seed: int = 0) -> NDArray[np.int64]:
    """Rows drawn with replacement: int64 (draws, rows), the same for the same numbers."""
    return np.random.default_rng(seed).integers(0, rows, (draws, rows))


def resampled_blocks(blocks: NDArray[np.int64], draws: int = DRAWS, seed: int = 0) -> Iterator[NDArray[np.int64]]:
    """Rows of as many blocks, drawn whole and with replacement, as there are: int64 (any number,), `draws` times.

    Parameters
    ----------
    blocks : ndarray, int64, shape (N,)
        The block of every row.
    """
    names, where = np.unique(blocks, return_inverse=True)
    order = np.argsort(where, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(where))[:-1])
    for drawn in np.random.default_rng(seed).integers(0, len(names), (draws, len(names))):
        yield np.concatenate([members[block] for block in drawn])


def bootstrap(
    metric: Metric,
    predicted: NDArray[np.float64],
    measured: NDArray[np.float64],
    draws: int = DRAWS,
    blocks: NDArray[np.int64] | None = None,
) -> Interval:
    """The metric with its interval over resampled elements; with several seeds, the mean of the seeds' metrics.

    Parameters
    ----------
    predicted : ndarray, shape (N,) or (seeds, N)
    measured : ndarray, shape (N,)
    blocks : ndarray, int64, shape (N,), optional
        Elements of one block are drawn together, whole blocks with replacement; without it every element by itself.
    """
    several = np.atleast_2d(predicted)
    return _resampled(lambda rows: _mean(metric, several[:, rows], measured[rows]), several, measured, draws, blocks)


def difference(
    metric: Metric,
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    measured: NDArray[np.float64],
    draws: int = DRAWS,
    blocks: NDArray[np.int64] | None = None,
) -> Interval:
    """Metric of `first` less that of `second`, both on the same resampled elements; seeds and blocks as above."""
    one, two = np.atleast_2d(first), np.atleast_2d(second)

    def gap(rows: NDArray[np.int64] | slice) -> float:
        return _mean(metric, one[:, rows], measured[rows]) - _mean(metric, two[:, rows], measured[rows])

    return _resampled(gap, np.concatenate([one, two]), measured, draws, blocks)


def subsamples(
    metric: Metric, predicted: NDArray[np.float64], measured: NDArray[np.float64], size: int, draws: int = DRAWS
) -> Interval:
    """Mean and central 95 % of the metric over draws of `size` elements without replacement.

    So the R3LM paper samples, with n = 100. NaN where there are no more than `size` elements to draw from.
    """
    if len(measured) <= size or not np.isfinite(predicted).all():
        return NOTHING
    random = np.random.default_rng(0)
    found = []
    for _ in range(draws):
        rows = random.permutation(len(measured))[:size]
        found.append(metric(predicted[rows], measured[rows]))
    return _interval(float(np.nanmean(found)), found) if np.isfinite(found).any() else NOTHING


def _resampled(
    figure: Callable[[NDArray[np.int64] | slice], float],
    predicted: NDArray[np.float64],
    measured: NDArray[np.float64],
    draws: int,
    blocks: NDArray[np.int64] | None = None,
) -> Interval:
    """A figure of some rows with its interval over resampled ones."""
    if not len(measured) or not np.isfinite(predicted).all():
        return NOTHING
    value = figure(slice(None))
    if np.isnan(value) or len(measured) < FEWEST:
        return Interval(value, float("nan"), float("nan"))
    drawn = resamples(len(measured), draws) if blocks is None else resampled_blocks(blocks, draws)
    return _interval(value, [figure(rows) for rows in drawn])


def _mean(metric: Metric, several: NDArray[np.float64], measured: NDArray[np.float64]) -> float:
    return float(np.mean([metric(row, measured) for row in several]))


def _interval(value: float, drawn: list[float]) -> Interval:
    """Of the draws in which the figure is defined: a column that hardly varies may not vary in some."""
    lower, upper = np.nanquantile(drawn, [0.025, 0.975])
    return Interval(value, float(lower), float(upper))
