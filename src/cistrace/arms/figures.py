"""Figures of arms with intervals over chromosome blocks: by cell type and category, between arms, of specificity."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.intervals import DRAWS, FEWEST, Interval, Metric, bootstrap, difference
from cistrace.evaluation.predicted import SeededPredictions
from cistrace.evaluation.specificity import Contrast, against_the_rest, from_the_mean, pairwise
from cistrace.io.files import whole_file
from cistrace.mpra import metrics
from cistrace.mpra.blocks import chromosome_blocks

ALL = "all"
ACTIVITY_FIGURES = ("Pearson", "Spearman", "RMSE", "R2", "level right", "macro-F1")
COVERED = "covered"
FIGURES = (*ACTIVITY_FIGURES, COVERED)
MEAN = "mean"  # over the cell types

Predictions = Mapping[str, SeededPredictions]
LevelMetric = Callable[[NDArray[np.int64], NDArray[np.int64]], float]


@dataclass(frozen=True)
class ArmFigures:
    """One arm in one cell type and category (`all` for every element), by the names of FIGURES."""

    arm: str
    cell_type: str
    category: str
    n: int
    figures: Mapping[str, Interval]


@dataclass(frozen=True)
class ArmDifference:
    """Pearson of one arm less another's, of the same elements; `mean` as the cell type is the mean over all."""

    first: str
    second: str
    cell_type: str
    difference: Interval


@dataclass(frozen=True)
class ArmSpecificity:
    """How well an arm tells cell types apart.

    Attributes
    ----------
    kind : str
        `pair`: Pearson of the difference between two cell types. `deviation`: Pearson of the deviation from the mean
        over all. `top decile`: share of the tenth predicted most specific that is measured to be.
    """

    arm: str
    kind: str
    name: str
    figure: Interval


def arm_figures(comparison: Comparison, predictions: Predictions, draws: int = DRAWS) -> Iterator[ArmFigures]:
    """Every arm, cell type and category; categories of fewer than 30 measured elements are left out."""
    judged, blocks = comparison.judged, chromosome_blocks(comparison.judged)
    column = np.array(judged.categories)
    for arm, found in predictions.items():
        for cell, cell_type in enumerate(comparison.cell_types):
            measured = np.isfinite(judged.activity[:, cell])
            for category in (ALL, *sorted(set(judged.categories))):
                rows = measured if category == ALL else measured & (column == category)
                if category == ALL or rows.sum() >= FEWEST:
                    figures = _of_rows(comparison, found, cell, rows, blocks[rows], draws)
                    yield ArmFigures(arm, cell_type, category or "none", int(rows.sum()), figures)


def _of_rows(
    comparison: Comparison, found: SeededPredictions, cell: int, rows: NDArray[np.bool_], blocks: NDArray[np.int64],
    draws: int,
) -> dict[str, Interval]:  # fmt: skip
    measured = comparison.judged.activity[rows, cell]
    predicted = found.activity[:, rows, cell]
    figures = {
        name: bootstrap(metric, predicted, measured, draws, blocks)
        for name, metric in activity_metrics(comparison.cuts[cell]).items()
    }
    inside = np.stack(
        [(one.lower[rows, cell] <= measured) & (measured <= one.upper[rows, cell]) for one in found.seeds]
    ).astype(np.float64)
    return {**figures, COVERED: bootstrap(_share, inside, measured, draws, blocks)}


def activity_metrics(cuts: NDArray[np.float64]) -> dict[str, Metric]:
    """What is measured of predicted activities, by ACTIVITY_FIGURES; `cuts`, (3,), part the levels."""
    plain: tuple[Metric, ...] = (metrics.pearson, metrics.spearman, metrics.rmse, metrics.r2)
    by_level = (partial(_of_levels, metric, cuts) for metric in (metrics.accuracy, metrics.macro_f1))
    return dict(zip(ACTIVITY_FIGURES, (*plain, *by_level), strict=True))


def _of_levels(
    metric: LevelMetric, cuts: NDArray[np.float64], predicted: NDArray[np.float64], measured: NDArray[np.float64]
) -> float:
    return metric(metrics.levels(predicted, cuts), metrics.levels(measured, cuts))


def _share(inside: NDArray[np.float64], measured: NDArray[np.float64]) -> float:
    return float(inside.mean())


def arm_differences(
    comparison: Comparison, predictions: Predictions, draws: int = DRAWS
) -> Iterator[ArmDifference]:  # fmt: skip
    """Every two arms, the later of the plan's order less the earlier, in every cell type and in the mean over them."""
    judged, blocks = comparison.judged, chromosome_blocks(comparison.judged)
    for second, first in combinations(predictions, 2):
        one, two = predictions[first].activity, predictions[second].activity
        for cell, cell_type in enumerate(comparison.cell_types):
            seen = np.isfinite(judged.activity[:, cell])
            pair = one[:, seen, cell], two[:, seen, cell]
            gap = difference(metrics.pearson, *pair, judged.activity[seen, cell], draws, blocks[seen])
            yield ArmDifference(first, second, cell_type, gap)
        yield ArmDifference(first, second, MEAN, difference(mean_pearson, one, two, judged.activity, draws, blocks))


def mean_pearson(predicted: NDArray[np.float64], measured: NDArray[np.float64]) -> float:
    """Mean over cell types of the correlation, of (N, cell types) with NaN where nothing was measured."""
    found = []
    for column in range(measured.shape[1]):
        seen = np.isfinite(measured[:, column])
        found.append(metrics.pearson(predicted[seen, column], measured[seen, column]))
    return float(np.mean(found))


def arm_specificity(
    comparison: Comparison, predictions: Predictions, draws: int = DRAWS
) -> Iterator[ArmSpecificity]:  # fmt: skip
    """Every arm and every contrast of cell types; nothing where there is one cell type alone."""
    if len(comparison.cell_types) < 2:
        return
    judged, blocks = comparison.judged, chromosome_blocks(comparison.judged)
    kinds = (
        ("deviation", from_the_mean, metrics.pearson),
        ("pair", pairwise, metrics.pearson),
        ("top decile", against_the_rest, metrics.top_precision),
    )
    for arm, found in predictions.items():
        for kind, contrasts, metric in kinds:
            for one in contrasts(judged, found.activity):
                yield ArmSpecificity(arm, kind, one.name, _of_contrast(metric, one, blocks, draws))


def _of_contrast(metric: Metric, contrast: Contrast, blocks: NDArray[np.int64], draws: int) -> Interval:
    return bootstrap(metric, contrast.predicted, contrast.measured, draws, blocks[contrast.seen])


def write_figures(path: Path, found: list[ArmFigures]) -> None:
    """All figures and their bounds as TSV, a row an arm, cell type and category."""
    bounds = [f"{name} {part}".strip() for name in FIGURES for part in ("", "lower", "upper")]
    with whole_file(path) as part_file, part_file.open("w", newline="", encoding="utf-8") as handle:
        table = csv.writer(handle, delimiter="\t", lineterminator="\n")
        table.writerow(["arm", "cell type", "category", "n", *bounds])
        for one in found:
            values = [
                f"{value:.6g}"
                for name in FIGURES
                for value in (one.figures[name].value, one.figures[name].lower, one.figures[name].upper)
            ]
            table.writerow([one.arm, one.cell_type, one.category, one.n, *values])


def write_differences(path: Path, found: list[ArmDifference]) -> None:
    """Pearson of `arm` less that of `other` with its bounds, as TSV."""
    with whole_file(path) as part_file, part_file.open("w", newline="", encoding="utf-8") as handle:
        table = csv.writer(handle, delimiter="\t", lineterminator="\n")
        table.writerow(["arm", "other", "cell type", "difference", "lower", "upper"])
        for one in found:
            gap = one.difference
            values = [f"{value:.6g}" for value in (gap.value, gap.lower, gap.upper)]
            table.writerow([one.first, one.second, one.cell_type, *values])
