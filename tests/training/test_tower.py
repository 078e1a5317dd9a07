from __future__ import annotations

import numpy as np
import torch

from cistrace.mpra import MpraTable
from cistrace.training.recipe import TowerFit
from cistrace.training.tower import augment, rows_outside


def test_a_tower_sees_no_row_of_its_fold_nor_of_its_borders() -> None:
    chromosomes = ("chr1", "chr2", "chr1-chr2", "chr3", "chr2-chr3", "chr11")
    table = MpraTable(("a",) * 6, ("ACGT",) * 6, chromosomes, ("K562_peak",) * 6, ("train",) * 6, np.zeros((6, 3)))
    assert rows_outside(["chr1"], table).tolist() == [1, 3, 4, 5]
    assert rows_outside(["chr2", "chr3"], table).tolist() == [0, 5]
    assert rows_outside([], table).tolist() == [0, 1, 2, 3, 4, 5]


def test_augmentation_without_shift_or_shortening_is_one_strand_or_the_other() -> None:
    random = torch.Generator().manual_seed(0)
    codes = torch.randint(0, 4, (50, 30), generator=random)
    x = augment(codes, TowerFit(largest_shift=0, shortened=0.0), random)
    plain = torch.eye(4)[codes].transpose(1, 2)
    forward = (x == plain).all(dim=(1, 2))
    turned = (x == plain.flip(1, 2)).all(dim=(1, 2))
    assert bool((forward | turned).all()) and bool(forward.any()) and bool(turned.any())
