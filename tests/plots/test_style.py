from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from cistrace.errors import OutputError
from cistrace.plots.style import bound, panels, save


def a_figure() -> Figure:
    figure, (axes, _) = panels(2)
    axes.plot([0, 1], [1, 0])
    return figure


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_equal_figures_are_equal_files(tmp_path: Path, ending: str) -> None:
    for name in "ab":
        save(a_figure(), tmp_path / f"{name}.{ending}")
    assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()
    start = {"png": b"\x89PNG", "svg": b"<?xml"}[ending]
    assert (tmp_path / f"a.{ending}").read_bytes().startswith(start)


def test_nothing_is_left_of_a_figure_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="nowhere"):
        save(a_figure(), tmp_path / "nowhere" / "a.png")
    with pytest.raises(ValueError, match="not supported"):
        save(a_figure(), tmp_path / "a.none")
    assert not list(tmp_path.iterdir())


def test_panels_are_of_the_size_asked_for_and_share_their_places() -> None:
    figure, axes = panels(2, 3, width=2, height=1, share_x=True)
    assert figure.get_size_inches().tolist() == [4, 3] and len(axes) == 6
    axes[0].set_xlim(0, 7)
    assert axes[4].get_xlim() == (0, 7)


def test_a_scale_ends_at_the_largest_size() -> None:
    assert bound([[-3.0, np.nan], [2.0, 0.0]]) == 3.0
    assert bound([]) == bound(0) == bound([np.nan]) == 1e-6
