"""Equal rows, drawn from the training split alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from evaluation_helpers import a_comparison, rising

from cistrace.arms.plan import Plan, drawn_comparison, keep_plan
from cistrace.errors import DataError, OutputError


def test_every_draw_is_of_the_training_split_and_as_large_as_asked(tmp_path: Path) -> None:
    comparison = a_comparison(tmp_path, rising())
    drawn = drawn_comparison(comparison, Plan(rows=25))
    assert len(drawn.training) == 25 and set(drawn.training.splits) == {"train"}
    assert set(drawn.training.names) < set(comparison.training.names)
    assert (drawn.val, drawn.judged) == (comparison.val, comparison.judged)


def test_a_smaller_draw_is_part_of_a_larger_one_and_any_draw_repeats(tmp_path: Path) -> None:
    comparison = a_comparison(tmp_path, rising())
    few, more, again = (set(drawn_comparison(comparison, Plan(rows=n)).training.names) for n in (20, 40, 20))
    assert few < more and few == again


def test_more_elements_than_there_are_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"found 60 training elements, expected at least the 61 .*--train-rows 60"):
        drawn_comparison(a_comparison(tmp_path, rising()), Plan(rows=61))


def test_updates_are_passes_times_whole_batches() -> None:
    assert Plan(rows=10_000, passes=5, batch=64).steps == 5 * 156
    assert Plan(rows=20, passes=3, batch=64).steps == 3  # one batch of all


def test_a_folder_holds_arms_of_one_plan(tmp_path: Path) -> None:
    keep_plan(tmp_path, Plan(rows=100))
    keep_plan(tmp_path, Plan(rows=100))
    with pytest.raises(OutputError, match=r"another plan \(rows 100, not 200\).*choose another -o"):
        keep_plan(tmp_path, Plan(rows=200))
    (tmp_path / "plan.json").write_text("{")
    with pytest.raises(OutputError, match="not readable"):
        keep_plan(tmp_path, Plan(rows=100))


def test_rows_are_drawn_at_random_in_the_tables_order(tmp_path: Path) -> None:
    comparison = a_comparison(tmp_path, rising())
    places = [comparison.training.names.index(name) for name in
              drawn_comparison(comparison, Plan(rows=30)).training.names]  # fmt: skip
    assert places == sorted(places) and np.ptp(places) > 40
