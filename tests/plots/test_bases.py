from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cistrace.plots.bases import CHANGES, LINE, base_figure, draw_logo
from cistrace.plots.colours import BASES, LOWERS, MISSING, RAISES
from cistrace.plots.style import new_figure


def letters(axes: Axes) -> dict[tuple[str, int], tuple[float, float]]:
    """Colour and place of each letter of a logo, with the ends between which it stands."""
    found = {}
    for collection in axes.collections:
        colour = tuple(np.asarray(collection.get_facecolor())[0].tolist())
        for path in collection.get_paths():
            vertices = np.asarray(path.vertices)
            (left, low), (right, high) = vertices.min(axis=0).tolist(), vertices.max(axis=0).tolist()
            assert right - left < 1
            found[to_hex(colour), round((left + right) / 2)] = (round(low, 5), round(high, 5))
    return found


def test_a_logo_has_letters_as_tall_as_what_they_add() -> None:
    axes = new_figure(4, 1).add_subplot()
    draw_logo(axes, "GATN", np.array([0.5, -0.25, 0.0, 0.0], dtype=np.float32), 10, 0.5)
    assert letters(axes) == {(BASES["G"], 11): (0.0, 0.5), (BASES["A"], 12): (-0.25, 0.0)}
    assert axes.get_xlim() == (10.5, 14.5)


def drawn(bases: str, contributions: NDArray[np.float32] | None = None, start: int = 0) -> Figure:
    changes = np.linspace(-1, 1, 4 * len(bases), dtype=np.float32).reshape(-1, 4)
    return base_figure(bases, changes, contributions, start, "$id$")


def test_lines_hold_every_base_once_at_its_place() -> None:
    bases = "ACGTN" * 25
    figure = drawn(bases, np.full(len(bases), 0.5, dtype=np.float32), 200)
    maps = [axes for axes in figure.axes if axes.get_images()]
    assert [axes.get_xlim() for axes in maps] == [(200.5, 200.5 + LINE), (200.5 + LINE, 200.5 + len(bases))]
    shown = np.concatenate([np.asarray(axes.get_images()[0].get_array()) for axes in maps], axis=1)
    np.testing.assert_array_equal(shown, np.linspace(-1, 1, 4 * len(bases), dtype=np.float32).reshape(-1, 4).T)
    written = [text for axes in figure.axes for text in axes.texts]
    assert "".join(text.get_text() for text in written) == bases
    assert [text.get_position()[0] for text in written] == list(range(201, 201 + len(bases)))
    dots = np.concatenate([np.stack(line.get_data()) for axes in maps for line in axes.lines], axis=1)
    assert dots[:, :5].T.tolist() == [[201, 0], [202, 1], [203, 2], [204, 3], [206, 0]]


def test_without_contributions_there_is_no_logo() -> None:
    with_logo, without = drawn("ACGT", np.ones(4, dtype=np.float32)), drawn("ACGT")
    assert len(with_logo.axes) == len(without.axes) + 1
    assert with_logo.get_figheight() > without.get_figheight()


def test_colours_are_those_of_all_figures() -> None:
    assert [to_hex(CHANGES(at)) for at in (0.0, 0.5, 1.0)] == [LOWERS, "#ffffff", RAISES]
    assert to_hex(CHANGES(np.ma.masked_invalid([np.nan]))[0]) == MISSING


def test_a_title_is_plain_text() -> None:
    (title,) = drawn("ACGT").texts
    assert title.get_text() == "$id$" and not title.get_parse_math()
