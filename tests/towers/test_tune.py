"""A whole tower that learns on: the best pass is kept, it stops, and it goes on after a kill to the same weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from bench_helpers import a_table
from tower_helpers import random_legnet, random_residual

from cistrace.mpra.table import MpraTable
from cistrace.towers.adapt import AdaptableTower, adapted, features
from cistrace.towers.encoding import base_codes
from cistrace.towers.files import AnyTower
from cistrace.towers.fit import predict
from cistrace.towers.recipe import AdaptRecipe
from cistrace.towers.tune import Tuned, error_of, tune, with_scale_of

RECIPE = AdaptRecipe(epochs=4, batch_size=16, patience=2, learning_rate=1e-3, matrix_learning_rate=5e-3)
TABLE = a_table(72, ("Liver",), length=60)
LEARNT, HELD = TABLE.take(np.arange(48)), TABLE.take(np.arange(48, 72))
KINDS = pytest.mark.parametrize("make", [random_residual, random_legnet])


def head_of(tower: AdaptableTower) -> AnyTower:
    read = features(tower, LEARNT.sequences, 60)
    return with_scale_of(adapted(tower, ("Liver",), 60, read, LEARNT.activity), LEARNT.activity)


def fit(tower: AnyTower, state: Path, recipe: AdaptRecipe = RECIPE, held: MpraTable | None = HELD) -> Tuned:
    return tune(tower, "legnet", LEARNT, held, recipe, state, recipe.epochs, lambda line: None)


def said(tower: AnyTower) -> np.ndarray:
    return predict(tower, base_codes(list(HELD.sequences), 60))


@KINDS
def test_a_head_changes_no_layer_but_the_last(make: Callable[[], AdaptableTower]) -> None:
    before, made = make(), head_of(make())
    last = f"head.{len(before.head) - 1}."
    for name, value in before.state_dict().items():
        if not name.startswith((last, "location", "scale")):
            assert torch.equal(value, made.state_dict()[name]), name
    assert made.cell_types == ("Liver",) and type(made) is type(before)


def test_another_scale_says_the_same() -> None:
    tower = random_legnet()
    before = said(tower)
    moved = with_scale_of(tower, np.array([[3.0, -1.0], [5.0, np.nan], [1.0, 2.0]]))
    assert moved.location.tolist() == [3.0, 0.5]
    np.testing.assert_allclose(said(moved), before, atol=1e-5)


@KINDS
def test_the_pass_with_the_least_error_on_held_rows_is_kept(make: Callable[[], AdaptableTower], tmp_path: Path) -> None:
    head = head_of(make())
    alone = error_of(head, HELD)
    found = fit(head, tmp_path / "state", replace(RECIPE, patience=4))
    assert len(found.errors) == 5 and found.errors[0] == pytest.approx(alone)
    assert found.errors[found.passes] == min(found.errors) == pytest.approx(error_of(found.tower, HELD), rel=1e-4)
    assert not found.tower.training


def test_what_only_spoils_the_head_is_left_and_the_head_is_given_back(tmp_path: Path) -> None:
    head = head_of(random_legnet())
    before = said(head)
    found = fit(head, tmp_path / "state", replace(RECIPE, learning_rate=0.5, matrix_learning_rate=0.5))
    assert found.passes == 0 and len(found.errors) == 3  # two passes that are no better
    np.testing.assert_array_equal(said(found.tower), before)


def test_without_held_rows_every_pass_is_made(tmp_path: Path) -> None:
    head = head_of(random_legnet())
    before = {name: value.clone() for name, value in head.state_dict().items()}
    found = fit(head, tmp_path / "state", replace(RECIPE, epochs=2), held=None)
    assert (found.passes, found.errors) == (2, ())
    after = found.tower.state_dict()
    assert all(not torch.equal(before[name], after[name]) for name in ("stem.0.weight", "head.4.weight"))
    assert all(torch.equal(before[name], after[name]) for name in before if "running" in name)  # of the first fit


class Killed(Exception):
    """In the place of a kill."""


@KINDS
def test_a_fit_that_is_killed_between_passes_ends_in_the_same_weights(
    make: Callable[[], AdaptableTower], tmp_path: Path
) -> None:
    recipe = replace(RECIPE, patience=4)
    whole = fit(head_of(make()), tmp_path / "whole", recipe)

    def killed(line: str) -> None:
        if "pass 3/4" in line:
            raise Killed

    torn = tmp_path / "torn"
    with pytest.raises(Killed):
        tune(head_of(make()), "legnet", LEARNT, HELD, recipe, torn, recipe.epochs, killed)
    again = fit(head_of(make()), torn, recipe)
    assert again.errors == whole.errors and again.passes == whole.passes
    for name, value in whole.tower.state_dict().items():
        assert torch.equal(value, again.tower.state_dict()[name]), name
