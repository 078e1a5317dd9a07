"""Base by base: a logo of what each adds, over a map of what another in its place would change."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PathCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextPath
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cistrace.plots.colours import BASES, LETTER, LOWERS, MISSING, NEITHER, RAISES, WHOLE
from cistrace.plots.style import SMALL, USUAL, bound, new_figure, tidy

LINE = 100  # bases
PAGE = 1000  # bases of one figure
CHANGES = LinearSegmentedColormap.from_list("changes", [LOWERS, "#ffffff", RAISES], 257).with_extremes(bad=MISSING)
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 12.0, 0.65, 0.75, 0.45, 0.3  # inches
_LOGO, _LETTERS, _MAP, _GAP = 0.95, 0.17, 0.56, 0.42


def base_figure(
    bases: str, changes: NDArray[np.float32], contributions: NDArray[np.float32] | None, start: int, title: str,
    ends: tuple[float, float] | None = None,
) -> Figure:  # fmt: skip
    """Lines of `LINE` bases, each a logo over a map.

    Parameters
    ----------
    bases : str
    changes : ndarray, float32, shape (bases, 4)
        Log2 units, for A, C, G and T in the base's place; NaN where the base is unknown.
    contributions : ndarray, float32, shape (bases,), or None
        Log2 units; None: there is no logo.
    start : int
        Where the first of `bases` lies in its sequence, 0-based.
    title : str
        Plain text; none of it is read as mathematics.
    ends : tuple of float, optional
        Largest size of a change and of a contribution, for figures that share their scales.
    """
    lines = range(0, max(1, len(bases)), LINE)
    logo = 0.0 if contributions is None else _LOGO
    tall = logo + _LETTERS + _MAP + _GAP
    height = _TOP + len(lines) * tall - _GAP + _BOTTOM
    figure = new_figure(_WIDTH, height)
    figure.text(_LEFT / _WIDTH, 1 - 0.16 / height, title, fontsize=USUAL, va="top", parse_math=False)
    most, largest = ends or (bound(changes), bound(contributions if contributions is not None else 0))
    inner = _WIDTH - _LEFT - _RIGHT
    for number, first in enumerate(lines):
        part = slice(first, first + LINE)
        width = inner * min(LINE, max(1, len(bases[part]))) / LINE
        below = height - _TOP - number * tall - logo - _LETTERS - _MAP

        def place(up: float, size: float, width: float = width, below: float = below) -> Axes:
            return figure.add_axes((_LEFT / _WIDTH, (below + up) / height, width / _WIDTH, size / height))

        draw_changes(place(0, _MAP), bases[part], changes[part], start + first, most)
        _draw_bases(place(_MAP, _LETTERS), bases[part], start + first)
        if contributions is not None:
            axes = place(_MAP + _LETTERS, logo)
            draw_logo(axes, bases[part], contributions[part], start + first, largest)
            axes.set_xticks([])
    scale = figure.add_axes((1 - 0.6 / _WIDTH, _BOTTOM / height, 0.1 / _WIDTH, _MAP / height))
    figure.colorbar(ScalarMappable(Normalize(-most, most), CHANGES), cax=scale)
    scale.set_yticks([-most, 0, most], [f"{-most:+.2f}", "0", f"{most:+.2f}"], fontsize=SMALL)
    scale.set_title("log2", fontsize=SMALL)
    return figure


def draw_logo(axes: Axes, bases: str, values: NDArray[np.float32], start: int, largest: float) -> None:
    """Every base as a letter as tall as its value, upright where it raises and upside down where it lowers."""
    for letter, colour in BASES.items():
        shapes = [
            _letter(letter, start + at + 0.5, float(values[at]))
            for at, base in enumerate(bases)
            if base == letter and values[at]
        ]
        axes.add_collection(PathCollection(shapes, facecolors=colour, edgecolors="none"))
    axes.axhline(0, color=WHOLE, linewidth=0.6)
    axes.set_xlim(start + 0.5, start + len(bases) + 0.5)
    axes.set_ylim(-1.05 * largest, 1.05 * largest)
    axes.set_ylabel("adds", fontsize=SMALL)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.tick_params(labelsize=SMALL)
    tidy(axes)
    axes.spines["bottom"].set_visible(False)


def draw_changes(axes: Axes, bases: str, changes: NDArray[np.float32], start: int, most: float) -> None:
    """A column a base and a row a letter in its place; a dot marks the base itself."""
    ends = (start + 0.5, start + len(bases) + 0.5)
    axes.imshow(
        changes.T, cmap=CHANGES, vmin=-most, vmax=most, aspect="auto", interpolation="none",
        extent=(*ends, len(BASES) - 0.5, -0.5),
    )  # fmt: skip
    own = [(start + at + 1, "ACGT".index(base)) for at, base in enumerate(bases) if base in BASES]
    if own:
        axes.plot(*zip(*own), linestyle="none", marker=".", markersize=1.8, color=NEITHER)
    axes.set_yticks(range(len(BASES)), list(BASES), fontsize=SMALL - 1)
    axes.set_xticks([at for at in range(start + 1, start + len(bases) + 1) if at % 10 == 0 or at == 1])
    axes.set_xlim(*ends)
    axes.set_ylabel("changes", fontsize=SMALL)
    axes.tick_params(labelsize=SMALL, length=2)
    axes.tick_params(axis="y", length=0)
    for side in axes.spines.values():
        side.set(linewidth=0.5, color=NEITHER)


def _draw_bases(axes: Axes, bases: str, start: int) -> None:
    axes.set_xlim(start + 0.5, start + len(bases) + 0.5)
    axes.set_ylim(0, 1)
    axes.axis("off")
    for at, base in enumerate(bases):
        axes.text(
            start + at + 1, 0.45, base, fontsize=SMALL - 1, family="monospace", ha="center", va="center",
            color=BASES.get(base, LETTER),
        )  # fmt: skip


@cache
def _outline(letter: str) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """The letter in a square of side 1."""
    shape = TextPath((0, 0), letter, size=1, prop=FontProperties(family="DejaVu Sans", weight="bold"))
    corner = shape.vertices.min(axis=0)
    return (shape.vertices - corner) / (shape.vertices.max(axis=0) - corner), shape.codes


def _letter(letter: str, left: float, height: float) -> Outline:
    shape, codes = _outline(letter)
    return Outline(shape * (0.94, height) + (left + 0.03, 0), codes)
