"""Cut points and levels."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_helpers import bases, measured, one_line

from cistrace.errors import DataError
from cistrace.mpra.levels import cuts_from_levels, fixed_cuts, levels_of, quantile_cuts
from cistrace.mpra.table import MpraTable
from cistrace.traces.grounded import level_of

VALUES = st.floats(-5, 5, allow_nan=False) | st.sampled_from([-1.0, 0.0, 0.5, math.nan])


def table_of(values: list[list[float]], categories: list[str] | None = None) -> MpraTable:
    table = measured([bases(row) for row in range(len(values))]).table
    cells = tuple(f"c{place}" for place in range(len(values[0])))
    held = tuple(categories or [""] * len(values))
    return replace(table, activity=np.array(values), cell_types=cells, categories=held)


def test_quartiles_of_training_rows() -> None:
    table = table_of([[0.0, 10], [1, 20], [2, 30], [3, 40], [4, math.nan], [99, 99]])
    cuts = quantile_cuts(table, ["train"] * 5 + ["val"])
    np.testing.assert_allclose(cuts, np.array([[1, 2, 3], [17.5, 25, 32.5]]))


def test_enhancers_alone_where_there_are_any() -> None:
    values = [[float(value)] for value in (0, 1, 2, 3, 4, -50, -60)]
    table = table_of(values, ["K562_peak"] * 5 + ["control"] * 2)
    np.testing.assert_allclose(quantile_cuts(table, ["train"] * 7), [[1, 2, 3]])
    controls = table_of(values, ["promoter"] * 5 + ["control"] * 2)
    assert quantile_cuts(controls, ["train"] * 7)[0, 0] < 0


def test_quartiles_that_cannot_be() -> None:
    few = one_line(quantile_cuts, table_of([[1.0], [2], [3], [4]]), ["train"] * 3 + ["test"], error=DataError)
    assert "cell type 'c0': 3 distinct values in training rows, expected 4 or more" in few
    tied = table_of([[0.0]] * 20 + [[1.0], [2], [3]])
    assert "expected three finite numbers that rise" in one_line(quantile_cuts, tied, ["train"] * 23, error=DataError)


def test_fixed_cuts() -> None:
    assert fixed_cuts((-1, 0, 1), ["a", "b"]).tolist() == [[-1, 0, 1]] * 2
    assert fixed_cuts({"b": [1, 2, 3], "a": [0, 1, 2]}, ["a", "b"]).tolist() == [[0, 1, 2], [1, 2, 3]]


@pytest.mark.parametrize(
    ("cuts", "expected"),
    [
        ((0, 0, 1), "rise"),
        ((2, 1, 3), "rise"),
        ((0, 1, math.inf), "finite"),
        ((0, math.nan, 1), "finite"),
        ((0, 1), "2 cut points, expected 3"),
        ({"b": (0, 1, 2)}, "cell type 'a': no cut points"),
    ],
)
def test_fixed_cuts_that_cannot_be(cuts: object, expected: str) -> None:
    assert expected in one_line(fixed_cuts, cuts, ["a"], error=DataError)


@given(values=st.lists(st.lists(VALUES, min_size=2, max_size=2), min_size=1, max_size=12))
def test_levels_are_those_of_the_writer(values: list[list[float]]) -> None:
    cuts = np.array([[-1, 0, 0.5], [-2, -1, 3]])
    found = levels_of(np.array(values), cuts)
    assert found.dtype == np.int8
    for row, levels in zip(values, found.tolist()):
        for value, level, cut in zip(row, levels, cuts.tolist()):
            assert level == (-1 if math.isnan(value) else level_of(value, cut))


@settings(deadline=None)
@given(
    values=st.lists(st.floats(-9, 9).map(lambda value: value + 0.0), min_size=4, max_size=30, unique=True),
    picks=st.sets(st.integers(1, 1000), min_size=3, max_size=3),
)
def test_cuts_from_levels_give_the_levels_back(values: list[float], picks: set[int]) -> None:
    ordered = sorted(values)
    places = sorted({1 + pick % (len(ordered) - 1) for pick in picks})
    if len(places) < 3:
        return
    activity = np.array(values)[:, None]
    levels = levels_of(activity, np.array([[ordered[place] for place in places]]))
    cuts = cuts_from_levels(activity, levels, ["c"])
    np.testing.assert_array_equal(levels_of(activity, cuts), levels)
    for cut, place in zip(cuts[0], places):
        assert ordered[place - 1] < cut <= ordered[place]


def test_cuts_from_levels_that_overlap() -> None:
    activity = np.array([[0.0], [1], [2], [3], [1.5], [4], [5], [math.nan], [9]])
    levels = np.array([[0], [0], [1], [1], [1], [2], [3], [0], [-1]], dtype=np.int8)
    assert cuts_from_levels(activity, levels, ["c"]).tolist() == [[1.25, 3.5, 4.5]]
    levels[0] = 3  # one stray row moves nothing
    assert cuts_from_levels(activity, levels, ["c"]).tolist() == [[1.25, 3.5, 4.5]]


def test_cuts_from_levels_that_cannot_be() -> None:
    activity = np.arange(4.0)[:, None]
    three = np.array([[0], [1], [2], [2]], dtype=np.int8)
    assert "no measured row has level 3" in one_line(cuts_from_levels, activity, three, ["c"], error=DataError)
    fallen = np.array([[3], [2], [1], [0]], dtype=np.int8)
    assert "check the level column" in one_line(cuts_from_levels, activity, fallen, ["c"], error=DataError)
