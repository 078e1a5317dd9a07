from __future__ import annotations

import numpy as np
import torch

from cistrace.model.tower import Tower, TowerConfig
from cistrace.mpra import MpraTable
from cistrace.training.tower import WHOLE, Optimizers, TowerRecipe, as_matrix, augment, rows_outside


def small_tower() -> Tower:
    torch.manual_seed(0)
    return Tower(TowerConfig(("HepG2", "K562"), channels=16, stages=2, dropout=0.0))


def test_a_convolution_as_a_matrix_is_the_same_memory() -> None:
    weight = small_tower().stages[0].convolution.weight.detach()
    matrix = as_matrix(weight)
    assert matrix.shape == (16, 80)
    matrix.zero_()
    assert not weight.any()


def test_every_weight_learns_and_a_small_task_is_learnt() -> None:
    tower = small_tower().train()
    before = {name: parameter.detach().clone() for name, parameter in tower.named_parameters()}
    random = torch.Generator().manual_seed(1)
    x = torch.eye(4)[torch.randint(0, 4, (64, 200), generator=random)].transpose(1, 2)
    target = torch.stack([x[:, 1].mean(1) - 0.25, x[:, 2].mean(1) - 0.25], dim=1) * 10
    optimizers = Optimizers(tower, TowerRecipe(), steps=80)
    losses = []
    for _ in range(80):
        loss = (tower.standardised(x) - target).square().mean()
        loss.backward()
        optimizers.step()
        losses.append(loss.item())
    assert all(not torch.equal(before[name], parameter) for name, parameter in tower.named_parameters())
    assert losses[-1] < losses[0] / 10
    assert all(parameter.grad is None for parameter in tower.parameters())


def test_a_tower_sees_no_row_of_its_fold_nor_of_its_borders() -> None:
    chromosomes = ("chr1", "chr2", "chr1-chr2", "chr3", "chr2-chr3")
    table = MpraTable(("a",) * 5, ("ACGT",) * 5, chromosomes, ("K562_peak",) * 5, ("train",) * 5, np.zeros((5, 3)))
    folds = np.array([0, 1, -1, 1, -1])
    assert rows_outside(0, table, folds).tolist() == [1, 3, 4]
    assert rows_outside(1, table, folds).tolist() == [0]
    assert rows_outside(WHOLE, table, folds).tolist() == [0, 1, 2, 3, 4]


def test_augmentation_without_shift_or_shortening_is_one_strand_or_the_other() -> None:
    random = torch.Generator().manual_seed(0)
    codes = torch.randint(0, 4, (50, 30), generator=random)
    x = augment(codes, TowerRecipe(largest_shift=0, shortened=0.0), random)
    plain = torch.eye(4)[codes].transpose(1, 2)
    forward = (x == plain).all(dim=(1, 2))
    turned = (x == plain.flip(1, 2)).all(dim=(1, 2))
    assert bool((forward | turned).all()) and bool(forward.any()) and bool(turned.any())
