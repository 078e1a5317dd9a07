"""What may not be adapted is refused in a line, before any work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench_helpers import a_table
from checkpoint_helpers import altered_checkpoint, headed_checkpoint
from table_helpers import one_line

from cistrace.checkpoints.seen import write_seen
from cistrace.errors import DataError, ModelError, RecipeError, RunError
from cistrace.reasonbench.dataset import DataSet
from cistrace.towers.recipe import AdaptRecipe
from cistrace.training.recipe_file import load_recipe
from cistrace.training.start import check_start, start_of, window_of

SHIPPED = AdaptRecipe(start="shipped")


def data_of(rows: int = 240, length: int = 120, val: int = 30) -> DataSet:
    """A data set with so many rows of val and 30 of test, as far as a start looks at it."""
    table = a_table(rows, ("Liver",), length)
    splits = ("val",) * val + ("test",) * 30 + ("train",) * (rows - val - 30)
    return DataSet(Path("bench"), replace(table, splits=splits), np.arange(rows), np.zeros((1, 3)), None, "")  # type: ignore[arg-type]


def test_a_table_of_few_rows_may_start_from_the_shipped_model() -> None:
    check_start(SHIPPED, data_of())
    recipe = load_recipe("adapt")
    assert recipe.adapt == SHIPPED and window_of(recipe, data_of()) == start_of(SHIPPED).config.window == 200
    assert window_of(load_recipe("compact"), data_of()) == 120
    check_start(AdaptRecipe(), data_of(20, 400, 2))  # nothing is adapted, nothing is asked


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (data_of(200), "Liver has 140 measured train rows; expected 150 or more to adapt a model"),
        (data_of(val=19), "Liver has 19 measured val rows; expected 20 or more"),
        (data_of(length=216), "240 of its 240 sequences are longer than the 200 bp that the start reads, first 'e0'"),
    ],
)
def test_too_few_rows_and_too_long_ones_are_refused(data: DataSet, words: str) -> None:
    assert words in one_line(check_start, SHIPPED, data, error=DataError)


def test_rows_that_are_not_measured_do_not_count() -> None:
    data = data_of()
    activity = data.table.activity.copy()
    activity[60:100] = np.nan
    told = one_line(check_start, SHIPPED, replace(data, table=replace(data.table, activity=activity)), error=DataError)
    assert "140 measured train rows" in told


def test_val_and_test_rows_that_the_start_was_fitted_on_are_refused_and_training_rows_are_not(tmp_path: Path) -> None:
    data, folder = data_of(), altered_checkpoint(tmp_path / "start", lambda config: config)
    recipe = AdaptRecipe(start=str(folder))
    write_seen(data.table.sequences[100:], folder)
    check_start(recipe, data)
    write_seen(data.table.sequences[25:35], folder)
    told = one_line(check_start, recipe, data, error=DataError)
    assert "10 of its 60 val and test sequences are elements that the start was fitted on, first 'e25'" in told


def test_only_a_model_of_ledgers_can_be_a_start(tmp_path: Path) -> None:
    headed = headed_checkpoint(tmp_path / "headed", "card+generated", "trace", "towers", evidence="towers")
    told = one_line(check_start, AdaptRecipe(start=str(headed)), data_of(), error=RunError)
    assert "arm card+generated; expected domain, towers and ledger" in told
    one_line(check_start, AdaptRecipe(start=str(tmp_path / "none")), data_of(), error=ModelError)


@pytest.mark.parametrize("change", ["student.members=2", "tower.folds=3", "cards.evidence=none"])
def test_a_recipe_that_asks_for_more_than_a_start_gives_is_refused(change: str) -> None:
    assert "adapt.start: " in one_line(load_recipe, "adapt", [change], error=RecipeError)
