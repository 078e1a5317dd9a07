"""A last layer of a table's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from bench_helpers import a_table
from numpy.typing import NDArray

from cistrace.mpra.folds import deal_folds
from cistrace.towers.adapt import adapted, adapted_by_fold, features
from cistrace.towers.evidence import Towers
from cistrace.towers.legnet import LegNet, LegNetConfig

WINDOW = 64


@pytest.fixture(scope="module")
def tower() -> LegNet:
    torch.manual_seed(0)
    made = LegNet(LegNetConfig(("A", "B", "C"), WINDOW, 16, 5, (16, 16), 5, 2, 24))
    for module in made.modules():  # statistics as after a training: nothing is near zero
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            assert module.running_var is not None
            module.running_var.fill_(0.05)
    return made.eval()


@pytest.fixture(scope="module")
def sequences() -> list[str]:
    random = np.random.default_rng(1)
    return ["".join(random.choice(list("ACGT"), WINDOW)) for _ in range(300)]


@pytest.fixture(scope="module")
def read(tower: LegNet, sequences: list[str]) -> NDArray[np.float64]:
    return features(tower, sequences, WINDOW)


def test_what_is_linear_in_the_last_layer_is_found_again(
    tower: LegNet, sequences: list[str], read: NDArray[np.float64]
) -> None:
    """The tower's own first cell type in other units, and another whose measurements are mostly missing."""
    own = Towers(tower, tower).estimate(sequences)[:, 0].astype(np.float64)
    activity = np.stack([3 * own - 1, np.where(np.arange(300) % 3 == 0, -2 * own, np.nan)], axis=1)
    made = adapted(tower, ("Liver", "Skin"), WINDOW, read, activity)
    found = Towers(made, made).estimate(sequences)
    assert made.cell_types == ("Liver", "Skin") and made.window == WINDOW
    spread = activity[:, 0].std()
    np.testing.assert_allclose(found[:, 0], 3 * own - 1, atol=0.05 * spread)
    np.testing.assert_allclose(found[:, 1], -2 * own, atol=0.05 * spread)


def test_noise_is_not_learnt_by_heart(tower: LegNet, sequences: list[str], read: NDArray[np.float64]) -> None:
    noise = np.random.default_rng(2).normal(size=(40, 1))  # fewer rows than two features each
    made = adapted(tower, ("Liver",), WINDOW, read[:40], noise)
    estimates = Towers(made, made).estimate(sequences)[:, 0]
    assert estimates[:40].std() < 0.6 * noise.std()


def test_the_given_tower_stays_as_it_is(tower: LegNet, read: NDArray[np.float64]) -> None:
    before = {name: value.clone() for name, value in tower.state_dict().items()}
    adapted(tower, ("Liver",), WINDOW + 8, read, np.random.default_rng(3).normal(size=(300, 1)))
    assert all(torch.equal(value, before[name]) for name, value in tower.state_dict().items())


def test_either_strand_says_the_same(tower: LegNet, sequences: list[str], read: NDArray[np.float64]) -> None:
    turned = [bases[::-1].translate(str.maketrans("ACGT", "TGCA")) for bases in sequences]
    np.testing.assert_allclose(features(tower, turned, WINDOW), read, atol=1e-5)


def test_who_speaks_of_a_row_never_saw_its_measurement(tower: LegNet) -> None:
    table = a_table(240, ("Liver",), length=WINDOW)
    folds = deal_folds(table.sequences, table.chromosomes, np.ones(len(table), dtype=bool))
    each, may_speak = adapted_by_fold(tower, table, folds)
    assert may_speak.sum(axis=1).tolist() == [1] * len(table)
    before = [one.estimate(table.sequences) for one in each]
    for at in range(len(each)):
        activity = table.activity.copy()
        activity[may_speak[:, at]] += 5.0
        others, _ = adapted_by_fold(tower, replace(table, activity=activity), folds)
        np.testing.assert_array_equal(others[at].estimate(table.sequences), before[at])
        moved = [not np.array_equal(one.estimate(table.sequences), old) for one, old in zip(others, before)]
        assert moved.count(True) == len(each) - 1
