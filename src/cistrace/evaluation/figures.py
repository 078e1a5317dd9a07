"""The report's figures, from stored predictions: OUT/figures/*.png.

Colours are Okabe and Ito's, which most colour-blind readers tell apart; cell types differ by marker too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib
import numpy as np

from cistrace.evaluation.accuracy import Told
from cistrace.evaluation.bench import Bench
from cistrace.evaluation.intervals import bootstrap
from cistrace.mpra import metrics

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^v<>"
FIGURES = {
    "ladder": "Pearson of every arm with its 95 % interval",
    "scatter": "Measured against predicted activity",
    "calibration": "Share of measurements inside central intervals of every nominal size",
    "motif-content": "Error by the number of motif hits in the element",
}
INCHES, DPI = 3.4, 120


def draw(bench: Bench, told: Mapping[str, Told], best: str, hits: np.ndarray) -> list[Path]:
    """Draw all figures; `best` is the arm of all but the ladder.

    Parameters
    ----------
    hits : ndarray, int64, shape (N,)
        Motif hits in every judged element.
    """
    folder = bench.folder / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    activity = told[best].activity[0]
    width = (told[best].seeds[0].upper - told[best].seeds[0].lower) / 2
    made = {
        "ladder": _ladder(bench, told),
        "scatter": _scatter(bench, activity),
        "calibration": _calibration(bench, activity, width),
        "motif-content": _motif_content(bench, activity, hits),
    }
    paths = []
    for name, figure in made.items():
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1], dpi=DPI, metadata={"Software": ""})
        plt.close(figure)
    return paths


def _axes(columns: int, height: float = INCHES) -> tuple[Figure, list[Axes]]:
    figure, axes = plt.subplots(1, columns, figsize=(INCHES * columns, height), layout="constrained", squeeze=False)
    for one in axes[0]:
        one.spines[["top", "right"]].set_visible(False)
    return figure, list(axes[0])


def _seen(bench: Bench, cell: int) -> tuple[np.ndarray, np.ndarray]:
    measured = bench.judged.activity[:, cell]
    seen = np.isfinite(measured)
    return seen, measured[seen]


def _ladder(bench: Bench, told: Mapping[str, Told]) -> Figure:
    figure, (axes,) = _axes(1, 1.2 + 0.42 * len(told))
    figure.set_figwidth(2 * INCHES)
    for cell, name in enumerate(bench.cell_types):
        seen, measured = _seen(bench, cell)
        found = [bootstrap(metrics.pearson, arm.activity[:, seen, cell], measured) for arm in told.values()]
        place = np.arange(len(told)) + 0.22 * (cell - (len(bench.cell_types) - 1) / 2)
        value = np.array([entry.value for entry in found])
        bounds = np.abs(np.array([[entry.lower, entry.upper] for entry in found]).T - value)
        colour, marker = COLOURS[cell % len(COLOURS)], MARKERS[cell % len(MARKERS)]
        axes.errorbar(value, place, xerr=bounds, fmt=marker, color=colour, markersize=5, capsize=2, label=name)
    axes.set_yticks(range(len(told)), list(told))
    axes.set_xlabel(f"Pearson, {bench.split}")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(frameon=False, loc="lower right")
    return figure


def _scatter(bench: Bench, activity: np.ndarray) -> Figure:
    figure, columns = _axes(len(bench.cell_types))
    for cell, axes in enumerate(columns):
        seen, measured = _seen(bench, cell)
        found = activity[seen, cell]
        axes.hexbin(found, measured, gridsize=45, bins="log", cmap="viridis", linewidths=0, mincnt=1)
        ends = [min(found.min(), measured.min()), max(found.max(), measured.max())]
        axes.plot(ends, ends, color="black", linewidth=0.8)
        axes.set_title(f"{bench.cell_types[cell]}, r = {metrics.pearson(found, measured):.3f}", fontsize=10)
        axes.set_xlabel("predicted, log2 RNA/DNA")
    columns[0].set_ylabel("measured, log2 RNA/DNA")
    return figure


def _calibration(bench: Bench, activity: np.ndarray, half: np.ndarray) -> Figure:
    """Normal intervals scaled to the 90 % one: how far the shape of the errors is normal, beside its width."""
    from statistics import NormalDist

    nominal = np.linspace(0.05, 0.99, 48)
    factors = np.array([NormalDist().inv_cdf((1 + share) / 2) for share in nominal]) / NormalDist().inv_cdf(0.95)
    figure, (axes,) = _axes(1)
    for cell, name in enumerate(bench.cell_types):
        seen, measured = _seen(bench, cell)
        error = np.abs(activity[seen, cell] - measured)
        found = [(error <= factor * half[seen, cell]).mean() for factor in factors]
        axes.plot(nominal, found, color=COLOURS[cell % len(COLOURS)], label=name)
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle=":")
    axes.axvline(0.9, color="grey", linewidth=0.8)
    axes.set_xlabel("nominal")
    axes.set_ylabel("observed")
    axes.legend(frameon=False)
    return figure


def _motif_content(bench: Bench, activity: np.ndarray, hits: np.ndarray) -> Figure:
    edges = np.unique(np.quantile(hits, np.linspace(0, 1, 9)))
    group = np.clip(np.searchsorted(edges, hits, side="right") - 1, 0, max(0, len(edges) - 2))
    figure, (axes,) = _axes(1)
    for cell, name in enumerate(bench.cell_types):
        seen, _ = _seen(bench, cell)
        places = [np.flatnonzero(seen & (group == number)) for number in range(max(1, len(edges) - 1))]
        places = [rows for rows in places if len(rows)]
        fault = [metrics.rmse(activity[rows, cell], bench.judged.activity[rows, cell]) for rows in places]
        middle = [np.median(hits[rows]) for rows in places]
        axes.plot(middle, fault, marker=MARKERS[cell % len(MARKERS)], color=COLOURS[cell % len(COLOURS)], label=name)
    axes.set_xlabel("motif hits, median of an eighth of the elements")
    axes.set_ylabel("RMSE, log2")
    axes.legend(frameon=False)
    return figure
