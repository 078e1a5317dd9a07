from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.plots.colours import BASES, LOWERS, RAISES
from cistrace.plots.markup import BARS, MOST_BASES, NAMES, STEP, TALL, svg_logo, svg_waterfall

AMOUNTS = st.floats(-5, 5, allow_nan=False)


@given(st.lists(st.tuples(st.text("ab<&", min_size=1), AMOUNTS)))
def test_bars_lie_within_the_drawing_and_are_as_long_as_their_amounts(terms: list[tuple[str, float]]) -> None:
    total = sum(amount for _, amount in terms)
    drawing = svg_waterfall(terms, total)
    bars = [
        (float(x), float(width)) for x, width in re.findall(r'<rect x="([-.\d]+)" y="\d+" width="([.\d]+)"', drawing)
    ]
    assert len(bars) == len(terms) + 1
    assert all(left >= NAMES - 0.2 and left + width <= NAMES + BARS + 0.2 for left, width in bars)
    sizes = [abs(amount) for amount in [*(amount for _, amount in terms), total]]
    longest = max(sizes)
    if longest > 0.1:
        scale = max(width for _, width in bars) / longest
        assert [width for _, width in bars] == pytest.approx([size * scale for size in sizes], abs=0.2)
    assert "<a" not in drawing and "<&" not in drawing


def test_bars_are_coloured_by_what_they_do() -> None:
    assert re.findall(r'fill="(#\w+)"/', svg_waterfall([("x", 1.0), ("y", -2.0)], -1.0))[:2] == [RAISES, LOWERS]


def test_letters_of_a_logo_are_as_tall_as_what_they_add() -> None:
    drawing = svg_logo("GAT", [0.5, -0.25, 0.0], 9)
    found = re.findall(r'translate\(([.\d]+) (\d+)\) scale\(0.8 ([-.\d]+)\)" fill="(#\w+)".*?>(\w)<', drawing)
    assert [(letter, colour) for *_, colour, letter in found] == [("G", BASES["G"]), ("A", BASES["A"])]
    (left, base, tall), (second, _, turned) = [tuple(map(float, one[:3])) for one in found]
    assert (left, second, base) == (STEP / 2, 1.5 * STEP, TALL) and turned == pytest.approx(-tall / 2, abs=0.01)
    assert re.findall(r'font-size="9">(\d+)<', drawing) == ["10"]


def test_a_logo_is_cut_where_bases_are_too_many() -> None:
    assert svg_logo("A" * (MOST_BASES + 1), [0.0] * (MOST_BASES + 1)).count("<tspan") == MOST_BASES
