"""Tables of accuracy from stored predictions, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from cistrace.evaluation.bench import Bench
from cistrace.evaluation.intervals import Metric, bootstrap, difference, subsamples
from cistrace.evaluation.predicted import Predicted
from cistrace.evaluation.specificity import against_the_rest, pairwise
from cistrace.mpra import metrics

PAPER_DRAW = 100
FEWEST = 30  # elements of a category for which a correlation is told


@dataclass(frozen=True, eq=False)
class Told:
    """All that one arm predicted, a seed each."""

    seeds: tuple[Predicted, ...]

    @property
    def activity(self) -> np.ndarray:
        """float64 (seeds, N, cell types)."""
        return np.stack([seed.activity for seed in self.seeds])


def row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def head(*names: str) -> list[str]:
    return [row(*names), "|" + "---|" * len(names)]


def accuracy(bench: Bench, told: Mapping[str, Told]) -> str:
    """Pearson, Spearman, RMSE and R2 with intervals, levels and coverage, an arm and cell type a row."""
    figures = ("n", "Pearson", "Spearman", "RMSE", "R2", "level right", "macro-F1", "covered", "width")
    lines = head("arm", "cell type", *figures)
    for arm, found in told.items():
        for cell, cell_type in enumerate(bench.cell_types):
            lines.append(row(arm, cell_type, *_figures(bench, found, cell)))
    return "\n".join(lines)


def _figures(bench: Bench, found: Told, cell: int) -> list[str]:
    measured = bench.judged.activity[:, cell]
    seen = np.isfinite(measured)
    measured = measured[seen]
    predicted = found.activity[:, seen, cell]
    told = [str(bootstrap(metric, predicted, measured)) for metric in (metrics.pearson, metrics.spearman, metrics.rmse)]
    told.append(f"{np.mean([metrics.r2(one, measured) for one in predicted]):.3f}")
    cuts = bench.cuts[cell]
    truth = metrics.levels(measured, cuts)
    for metric in (metrics.accuracy, metrics.macro_f1):
        told.append(f"{np.mean([metric(metrics.levels(one, cuts), truth) for one in predicted]):.3f}")
    bounds = [(seed.lower[seen, cell], seed.upper[seen, cell]) for seed in found.seeds]
    told.append(f"{100 * np.mean([metrics.coverage(*bound, measured) for bound in bounds]):.1f} %")
    told.append(f"{np.mean([upper - lower for lower, upper in bounds]):.2f}")
    return [f"{len(measured):,}", *told]


def differences(bench: Bench, told: Mapping[str, Told], first: str) -> str:
    """Pearson of one arm less that of every other, on the same elements."""
    others = [arm for arm in told if arm != first]
    lines = head(f"{first} less", *bench.cell_types)
    for arm in others:
        cells = []
        for cell in range(len(bench.cell_types)):
            measured = bench.judged.activity[:, cell]
            seen = np.isfinite(measured)
            one, two = (told[name].activity[:, seen, cell] for name in (first, arm))
            cells.append(difference(metrics.pearson, one, two, measured[seen]).signed())
        lines.append(row(arm, *cells))
    return "\n".join(lines)


def specificity(bench: Bench, told: Mapping[str, Told]) -> str:
    """Pearson of the differences between cell types, and precision in the top decile of specificity."""
    pairs = [contrast.name for contrast in pairwise(bench.judged, next(iter(told.values())).activity)]
    lines = head("arm", *pairs, *(f"top decile, {cell}" for cell in bench.cell_types))
    for arm, found in told.items():
        cells = _contrasts(metrics.pearson, list(pairwise(bench.judged, found.activity)))
        cells += _contrasts(metrics.top_precision, list(against_the_rest(bench.judged, found.activity)))
        lines.append(row(arm, *cells))
    return "\n".join(lines)


def _contrasts(metric: Metric, contrasts: list) -> list[str]:
    return [str(bootstrap(metric, contrast.predicted, contrast.measured)) for contrast in contrasts]


def categories(bench: Bench, told: Mapping[str, Told], arm: str) -> str:
    """One arm's Pearson and RMSE by category of element; too few for a correlation are counted only."""
    column = np.array(bench.judged.categories)
    lines = head("category", "cell type", "n", "Pearson", "RMSE")
    for category in sorted(set(column)):
        for cell, cell_type in enumerate(bench.cell_types):
            measured = bench.judged.activity[:, cell]
            seen = np.isfinite(measured) & (column == category)
            pair = told[arm].activity[:, seen, cell], measured[seen]
            figures = ["", ""]
            if seen.sum() >= FEWEST:
                figures = [str(bootstrap(metric, *pair)) for metric in (metrics.pearson, metrics.rmse)]
            lines.append(row(category or "none", cell_type, f"{seen.sum():,}", *figures))
    return "\n".join(lines)


def small_draws(bench: Bench, told: Mapping[str, Told]) -> str:
    """Pearson and RMSE over 1,000 draws of 100 elements: mean and central 95 %, the first seed."""
    draw = partial(subsamples, size=PAPER_DRAW)
    lines = head("arm", *(f"{cell}, {name}" for cell in bench.cell_types for name in ("Pearson", "RMSE")))
    for arm, found in told.items():
        cells = []
        for cell in range(len(bench.cell_types)):
            measured = bench.judged.activity[:, cell]
            seen = np.isfinite(measured)
            pair = found.activity[0, seen, cell], measured[seen]
            cells += [str(draw(metric, *pair)) for metric in (metrics.pearson, metrics.rmse)]
        lines.append(row(arm, *cells))
    return "\n".join(lines)
