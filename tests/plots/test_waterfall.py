from __future__ import annotations

from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from cistrace.plots.colours import LOWERS, RAISES, WHOLE
from cistrace.plots.style import panels
from cistrace.plots.waterfall import draw_waterfall


def test_every_bar_begins_where_the_sum_stood() -> None:
    _, (axes,) = panels(1)
    draw_waterfall(axes, [("backdrop", -0.5), ("SP1 $x$", 0.75), ("rest", -0.125)], 0.125)
    bars = [bar for bar in axes.patches if isinstance(bar, Rectangle)]
    assert [(bar.get_x(), bar.get_width()) for bar in bars] == [(0, -0.5), (-0.5, 0.75), (0.25, -0.125), (0, 0.125)]
    assert [to_hex(bar.get_facecolor()) for bar in bars] == [LOWERS, RAISES, LOWERS, WHOLE]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["backdrop", "SP1 $x$", "rest", "activity"]
    assert [text.get_text() for text in axes.texts] == ["-0.50", "+0.75", "-0.12", "+0.12"]
    low, high = axes.get_xlim()
    assert low < -0.5 and high > 0.25


def test_a_sum_of_nothing_is_its_total() -> None:
    _, (axes,) = panels(1)
    draw_waterfall(axes, [], 0.0, "none")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["none"]
