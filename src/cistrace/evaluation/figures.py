"""The report's figures, from stored predictions: OUT/figures/*.png. Cell types differ by colour and marker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cistrace.evaluation.accuracy import Predictions, measured_in
from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.intervals import bootstrap
from cistrace.evaluation.predicted import Predicted
from cistrace.mpra import metrics
from cistrace.plots.colours import MARKERS, SERIES
from cistrace.plots.style import PANEL, USUAL, panels, save

FIGURES = {
    "ladder": "Pearson of every contender with its 95 % interval",
    "scatter": "Measured against predicted activity",
    "calibration": "Share of measurements inside central intervals of every nominal size",
    "motif-content": "Error by the number of motif hits in the element",
}


def draw(comparison: Comparison, predictions: Predictions, best: str, hits: NDArray[np.int64]) -> list[Path]:
    """Draw all figures; `best` is the contender of all but the ladder.

    Parameters
    ----------
    hits : ndarray, int64, shape (N,)
        Motif hits in every judged element.
    """
    folder = comparison.folder / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    activity = predictions[best].activity[0]
    made = {
        "ladder": _ladder(comparison, predictions),
        "scatter": _scatter(comparison, activity),
        "calibration": _calibration(comparison, predictions[best].seeds[0]),
        "motif-content": _motif_content(comparison, activity, hits),
    }
    paths = []
    for name, figure in made.items():
        paths.append(folder / f"{name}.png")
        save(figure, paths[-1])
    return paths


def _measured(
    comparison: Comparison, activity: NDArray[np.float64], cell: int
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """As `measured_in`; nothing of a cell type in which the contender could not be fitted."""
    seen, measured = measured_in(comparison, cell)
    if np.isfinite(activity[:, cell]).all():
        return seen, measured
    return np.zeros_like(seen), measured[:0]


def _ladder(comparison: Comparison, predictions: Predictions) -> Figure:
    figure, (axes,) = panels(1, width=2 * PANEL, height=1.2 + 0.42 * len(predictions))
    for cell, name in enumerate(comparison.cell_types):
        seen, measured = measured_in(comparison, cell)
        found = [bootstrap(metrics.pearson, one.activity[:, seen, cell], measured) for one in predictions.values()]
        place = np.arange(len(predictions)) + 0.22 * (cell - (len(comparison.cell_types) - 1) / 2)
        value = np.array([entry.value for entry in found])
        bounds = np.abs(np.array([[entry.lower, entry.upper] for entry in found]).T - value)
        colour, marker = SERIES[cell % len(SERIES)], MARKERS[cell % len(MARKERS)]
        axes.errorbar(value, place, xerr=bounds, fmt=marker, color=colour, markersize=5, capsize=2, label=name)
    axes.set_yticks(range(len(predictions)), list(predictions))
    axes.set_xlabel(f"Pearson, {comparison.split}")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(frameon=False, loc="lower right")
    return figure


def _scatter(comparison: Comparison, activity: NDArray[np.float64]) -> Figure:
    figure, columns = panels(len(comparison.cell_types))
    for cell, axes in enumerate(columns):
        seen, measured = _measured(comparison, activity, cell)
        axes.set_xlabel("predicted, log2 RNA/DNA")
        axes.set_title(comparison.cell_types[cell], fontsize=USUAL)
        if not len(measured):
            continue
        found = activity[seen, cell]
        axes.hexbin(found, measured, gridsize=45, bins="log", cmap="viridis", linewidths=0, mincnt=1)
        ends = [min(found.min(), measured.min()), max(found.max(), measured.max())]
        axes.plot(ends, ends, color="black", linewidth=0.8)
        axes.set_title(f"{comparison.cell_types[cell]}, r = {metrics.pearson(found, measured):.3f}", fontsize=USUAL)
    columns[0].set_ylabel("measured, log2 RNA/DNA")
    return figure


def _calibration(comparison: Comparison, predicted: Predicted) -> Figure:
    """Both sides of the 90 % interval scaled as a normal one's: how far the shape of the errors is normal."""
    from statistics import NormalDist

    nominal = np.linspace(0.05, 0.99, 48)
    factors = np.array([NormalDist().inv_cdf((1 + share) / 2) for share in nominal]) / NormalDist().inv_cdf(0.95)
    figure, (axes,) = panels(1)
    for cell, name in enumerate(comparison.cell_types):
        seen, measured = _measured(comparison, predicted.activity, cell)
        if not len(measured):
            continue
        activity, lower, upper = (getattr(predicted, name)[seen, cell] for name in ("activity", "lower", "upper"))
        below, above = activity - lower, upper - activity
        found = [metrics.coverage(activity - factor * below, activity + factor * above, measured) for factor in factors]
        axes.plot(nominal, found, color=SERIES[cell % len(SERIES)], label=name)
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle=":")
    axes.axvline(0.9, color="grey", linewidth=0.8)
    axes.set_xlabel("nominal")
    axes.set_ylabel("observed")
    axes.legend(frameon=False)
    return figure


def _motif_content(comparison: Comparison, activity: NDArray[np.float64], hits: NDArray[np.int64]) -> Figure:
    edges = np.unique(np.quantile(hits, np.linspace(0, 1, 9)))
    group = np.clip(np.searchsorted(edges, hits, side="right") - 1, 0, max(0, len(edges) - 2))
    figure, (axes,) = panels(1)
    for cell, name in enumerate(comparison.cell_types):
        seen, _ = _measured(comparison, activity, cell)
        places = [np.flatnonzero(seen & (group == number)) for number in range(max(1, len(edges) - 1))]
        places = [rows for rows in places if len(rows)]
        fault = [metrics.rmse(activity[rows, cell], comparison.judged.activity[rows, cell]) for rows in places]
        middle = [np.median(hits[rows]) for rows in places]
        axes.plot(middle, fault, marker=MARKERS[cell % len(MARKERS)], color=SERIES[cell % len(SERIES)], label=name)
    axes.set_xlabel("motif hits, median of an eighth of the elements")
    axes.set_ylabel("RMSE, log2")
    axes.legend(frameon=False)
    return figure
