"""Tables of accuracy from stored predictions, as Markdown.

A cell says `undefined` where a figure has no value: no measurement, a column that does not vary, a contender that could
not be fitted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.intervals import FEWEST, UNDEFINED, Metric, bootstrap, difference, subsamples
from cistrace.evaluation.predicted import Predicted, SeededPredictions
from cistrace.evaluation.specificity import Contrast, against_the_rest, pairwise
from cistrace.mpra import metrics

PAPER_DRAW = 100
TENTHS = 10

Predictions = Mapping[str, SeededPredictions]


def row(*cells: object) -> str:
    """A row of a Markdown table."""
    return "| " + " | ".join(map(str, cells)) + " |"


def head(*names: str) -> list[str]:
    """The first two lines of a Markdown table."""
    return [row(*names), "|" + "---|" * len(names)]


def accuracy(comparison: Comparison, predictions: Predictions) -> str:
    """Pearson, Spearman, RMSE and R2 with intervals, levels and coverage, a contender and cell type a row."""
    figures = ("n", "Pearson", "Spearman", "RMSE", "R2", "level right", "macro-F1", "covered", "width")
    lines = head("contender", "cell type", *figures)
    for name, found in predictions.items():
        for cell, cell_type in enumerate(comparison.cell_types):
            lines.append(row(name, cell_type, *_figures(comparison, found, cell)))
    return "\n".join(lines)


def _figures(comparison: Comparison, found: SeededPredictions, cell: int) -> list[str]:
    seen, measured = measured_in(comparison, cell)
    predicted = found.activity[:, seen, cell]
    fitted = bool(len(measured)) and bool(np.isfinite(predicted).all())
    cells = [
        str(bootstrap(metric, predicted, measured)) for metric in (metrics.pearson, metrics.spearman, metrics.rmse)
    ]
    if not fitted:
        return [f"{len(measured):,}", *cells, *[UNDEFINED] * 5]
    cuts = comparison.cuts[cell]
    levels = metrics.levels(measured, cuts)
    named = [metrics.levels(one, cuts) for one in predicted]
    bounds = [_bounds(seed, seen, cell) for seed in found.seeds]
    return [
        f"{len(measured):,}",
        *cells,
        _number(np.mean([metrics.r2(one, measured) for one in predicted]), ".3f"),
        _number(np.mean([metrics.accuracy(one, levels) for one in named]), ".3f"),
        _number(np.mean([metrics.macro_f1(one, levels) for one in named]), ".3f"),
        f"{100 * np.mean([metrics.coverage(*bound, measured) for bound in bounds]):.1f} %",
        _number(np.mean([upper - lower for lower, upper in bounds]), ".2f"),
    ]


def measured_in(comparison: Comparison, cell: int) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which judged elements were measured in a cell type, bool (N,), and what was measured of those."""
    measured = comparison.judged.activity[:, cell]
    seen = np.isfinite(measured)
    return seen, measured[seen]


def _bounds(seed: Predicted, seen: NDArray[np.bool_], cell: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return seed.lower[seen, cell], seed.upper[seen, cell]


def _number(value: np.floating | float, form: str) -> str:
    if np.isnan(value):
        return UNDEFINED
    return "infinite" if np.isinf(value) else f"{value:{form}}"


def differences(comparison: Comparison, predictions: Predictions, first: str) -> str:
    """Pearson of one contender less that of every other, on the same elements."""
    lines = head(f"{first} less", *comparison.cell_types)
    for name in predictions:
        if name == first:
            continue
        cells = []
        for cell in range(len(comparison.cell_types)):
            seen, measured = measured_in(comparison, cell)
            one, two = (predictions[which].activity[:, seen, cell] for which in (first, name))
            cells.append(difference(metrics.pearson, one, two, measured).signed())
        lines.append(row(name, *cells))
    return "\n".join(lines)


def specificity(comparison: Comparison, predictions: Predictions) -> str:
    """Pearson of the differences between cell types, and precision in the top decile of specificity."""
    judged = comparison.judged
    pairs = [contrast.name for contrast in pairwise(judged, next(iter(predictions.values())).activity)]
    lines = head("contender", *pairs, *(f"top decile, {cell}" for cell in comparison.cell_types))
    for name, found in predictions.items():
        cells = _contrasts(metrics.pearson, list(pairwise(judged, found.activity)))
        cells += _contrasts(metrics.top_precision, list(against_the_rest(judged, found.activity)))
        lines.append(row(name, *cells))
    return "\n".join(lines)


def _contrasts(metric: Metric, contrasts: Sequence[Contrast]) -> list[str]:
    return [str(bootstrap(metric, contrast.predicted, contrast.measured)) for contrast in contrasts]


def coverage(comparison: Comparison, predictions: Predictions, name: str) -> str:
    """Of one contender, the share of measurements inside their intervals by tenth of its predicted activity."""
    lines = head("cell type", *map(str, range(1, TENTHS + 1)))
    for cell, cell_type in enumerate(comparison.cell_types):
        seen, measured = measured_in(comparison, cell)
        fitted = np.isfinite(predictions[name].activity[:, seen, cell]).all()
        shares = [UNDEFINED] * TENTHS
        if fitted and len(measured) >= TENTHS:
            by_seed = [_by_tenth(seed, seen, measured, cell) for seed in predictions[name].seeds]
            shares = [f"{100 * share:.1f} %" for share in np.mean(by_seed, axis=0)]
        lines.append(row(cell_type, *shares))
    return "\n".join(lines)


def _by_tenth(
    seed: Predicted, seen: NDArray[np.bool_], measured: NDArray[np.float64], cell: int
) -> list[float]:  # fmt: skip
    lower, upper = _bounds(seed, seen, cell)
    rising = np.argsort(seed.activity[seen, cell], kind="stable")
    return [metrics.coverage(lower[rows], upper[rows], measured[rows]) for rows in np.array_split(rising, TENTHS)]


def categories(comparison: Comparison, predictions: Predictions, name: str) -> str:
    """One contender's Pearson, RMSE and coverage by category of element; too few for a correlation are counted only."""
    column = np.array(comparison.judged.categories)
    lines = head("category", "cell type", "n", "Pearson", "RMSE", "covered")
    for category in sorted(set(column)):
        for cell, cell_type in enumerate(comparison.cell_types):
            measured = comparison.judged.activity[:, cell]
            seen = np.isfinite(measured) & (column == category)
            pair = predictions[name].activity[:, seen, cell], measured[seen]
            figures = ["", "", ""]
            if seen.sum() >= FEWEST:
                bounds = [_bounds(seed, seen, cell) for seed in predictions[name].seeds]
                inside = np.mean([metrics.coverage(*bound, measured[seen]) for bound in bounds])
                figures = [str(bootstrap(metric, *pair)) for metric in (metrics.pearson, metrics.rmse)]
                figures.append(f"{100 * inside:.1f} %")
            lines.append(row(category or "none", cell_type, f"{seen.sum():,}", *figures))
    return "\n".join(lines)


def small_draws(comparison: Comparison, predictions: Predictions) -> str:
    """Pearson and RMSE over 1,000 draws of 100 elements: mean and central 95 %, the first seed."""
    draw = partial(subsamples, size=PAPER_DRAW)
    lines = head("contender", *(f"{cell}, {name}" for cell in comparison.cell_types for name in ("Pearson", "RMSE")))
    for name, found in predictions.items():
        cells = []
        for cell in range(len(comparison.cell_types)):
            seen, measured = measured_in(comparison, cell)
            pair = found.activity[0, seen, cell], measured
            cells += [str(draw(metric, *pair)) for metric in (metrics.pearson, metrics.rmse)]
        lines.append(row(name, *cells))
    return "\n".join(lines)
