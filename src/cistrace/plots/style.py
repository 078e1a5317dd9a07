"""How figures look, and how they become files. Needs matplotlib; no window is ever opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cistrace.io.files import whole_file

PANEL = 3.4  # inches, a side of a panel
DPI = 120
SMALL, USUAL = 8, 10  # points


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, inches."""
    figure = Figure(figsize=(width, height), dpi=DPI)
    FigureCanvasAgg(figure)
    return figure


def panels(
    columns: int, rows: int = 1, width: float = PANEL, height: float = PANEL, share_x: bool = False
) -> tuple[Figure, list[Axes]]:  # fmt: skip
    """A figure of equal panels, `width` by `height` inches each, and its panels line by line."""
    figure = new_figure(width * columns, height * rows)
    figure.set_layout_engine("constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False, sharex=share_x).flat)
    for one in axes:
        tidy(one)
    return figure, axes


def tidy(axes: Axes) -> None:
    """Take away the lines of a panel that carry nothing."""
    axes.spines[["top", "right"]].set_visible(False)


def save(figure: Figure, path: Path) -> None:
    """Write a figure as its ending says, whole or not at all; equal figures are equal files.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    kind = path.suffix.lower().removeprefix(".")
    nameless = {"svg": {"Date": None, "Creator": None}, "png": {"Software": ""}}.get(kind)
    with whole_file(path) as part, part.open("wb") as handle, rc_context({"svg.hashsalt": "cistrace"}):
        figure.savefig(handle, format=kind, dpi=DPI, metadata=nameless)


def bound(values: object) -> float:
    """Largest size among values, NaN aside; at least a hair, so that a scale can have it as its end."""
    found = np.abs(np.asarray(values, dtype=np.float64))
    return max(1e-6, float(np.nanmax(found, initial=0.0, where=np.isfinite(found))))
