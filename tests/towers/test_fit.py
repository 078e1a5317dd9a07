from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from bench_helpers import a_table
from tower_helpers import random_dilated, random_legnet, random_residual

from cistrace.towers.files import AnyTower
from cistrace.towers.fit import augment, fit_tower
from cistrace.towers.recipe import TowerFitRecipe


def test_augmentation_without_shift_or_shortening_is_one_strand_or_the_other() -> None:
    random = torch.Generator().manual_seed(0)
    codes = torch.randint(0, 4, (50, 30), generator=random)
    x = augment(codes, TowerFitRecipe(largest_shift=0, shortened=0.0), random)
    plain = torch.eye(4)[codes].transpose(1, 2)
    forward = (x == plain).all(dim=(1, 2))
    turned = (x == plain.flip(1, 2)).all(dim=(1, 2))
    assert bool((forward | turned).all()) and bool(forward.any()) and bool(turned.any())


class Killed(Exception):
    """In the place of a kill."""


@pytest.mark.pipeline
@pytest.mark.parametrize("make", [random_residual, random_legnet, random_dilated])
def test_a_fit_that_is_killed_between_epochs_ends_in_the_same_weights(
    make: Callable[[], AnyTower], tmp_path: Path
) -> None:
    table, recipe = (
        replace(a_table(64, ("A", "B"), length=60), splits=("train",) * 64),
        TowerFitRecipe(epochs=3, batch_size=16),
    )
    rows = np.arange(48)
    val = table.take(np.arange(48, 64))

    def fit(state: Path, told: Callable[[str], None]) -> dict[str, torch.Tensor]:
        asked: list[int] = []

        def threads() -> int:
            asked.append(torch.get_num_threads())
            return asked[0]

        fitted = fit_tower(make(), "fold0", rows, table, val, recipe, state, 0, told, threads)
        assert asked
        return fitted.tower.state_dict()

    def killed(line: str) -> None:
        if "epoch 3/3" in line:
            raise Killed

    whole = fit(tmp_path / "whole", lambda line: None)
    with pytest.raises(Killed):
        fit(tmp_path / "broken", killed)
    lines: list[str] = []
    again = fit(tmp_path / "broken", lines.append)
    assert len(lines) == 1 and "epoch 3/3" in lines[0]
    assert all(torch.equal(again[name], value) for name, value in whole.items())
