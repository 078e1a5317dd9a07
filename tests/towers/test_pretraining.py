"""Pretraining: what may be learnt from, what shuffled sites say, and that LegNet starts from the body."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tower_helpers import random_legnet

from cistrace.errors import DataError
from cistrace.io.regions import reverse_complement
from cistrace.mpra.table import MpraTable
from cistrace.towers.cross_fit import LEGNET, new_tower
from cistrace.towers.encoding import one_hot
from cistrace.towers.legnet import LegNet
from cistrace.towers.pretraining import admitted, pretrained, start_from, told, with_shuffled
from cistrace.towers.recipe import PretrainingRecipe
from cistrace.towers.sites_file import Sites

LAST = "head.4.weight"
RECIPE = PretrainingRecipe(epochs=1, batch_size=64, shuffled=0.5)


def dna(length: int, seed: int) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), length))


def some_sites(count: int, length: int = 60) -> Sites:
    sequences = tuple(dna(length, seed) for seed in range(count))
    gc = np.array([sum(bases.count(letter) for letter in "CG") / length for bases in sequences])
    values = np.stack([gc > 0.5, gc * 10, np.full(count, 3.0)], axis=1).astype(np.float64)
    shares = np.array([True, False, False])
    return Sites(sequences, ("chr1",) * count, ("rich", "gc", "constant"), values, shares)


def a_table(splits: dict[str, str]) -> MpraTable:
    """Elements of 60 bp, one a chromosome, of the split named."""
    count = len(splits)
    sequences = tuple(dna(60, 1000 + row) for row in range(count))
    return MpraTable(
        tuple(map(str, range(count))), sequences, tuple(splits), ("",) * count, tuple(splits.values()),
        np.zeros((count, 1)), ("A",),
    )  # fmt: skip


def test_relatives_of_what_is_held_out_and_other_chromosomes_are_left_out() -> None:
    table = a_table({"chr1": "train", "chr2": "val", "chr3": "test"})
    near, far = reverse_complement(table.sequences[1])[:45] + dna(15, 5), table.sequences[2][:35] + dna(25, 6)
    sites = some_sites(5)
    sites = replace(
        sites, sequences=(*sites.sequences[:3], near, far), chromosomes=("chr1", "chr2", "chr9", "chr1", "chr1")
    )
    found, refused = admitted(sites, table)
    assert found.sequences == (sites.sequences[0], far) and found.values.shape == (2, 3)
    assert (refused.related, refused.elsewhere) == (1, 2)


def test_shuffled_sites_keep_their_letters_and_say_that_nothing_is_open() -> None:
    sites = some_sites(20)
    found = with_shuffled(sites, 0.25, 3)
    assert found.sequences[:20] == sites.sequences and len(found.sequences) == 25
    letters = {tuple(sorted(bases)) for bases in sites.sequences}
    assert all(tuple(sorted(bases)) in letters for bases in found.sequences[20:])
    assert not set(found.sequences[20:]) & set(sites.sequences)
    np.testing.assert_array_equal(found.values[20:], [[0, sites.values[:, 1].min(), 3]] * 5)
    assert with_shuffled(sites, 0.0, 3).sequences == sites.sequences


def test_what_says_the_same_of_all_sites_is_not_learnt(tmp_path: Path) -> None:
    fitted = pretrained(some_sites(120, 90), 64, RECIPE, tmp_path / "state")
    assert fitted.tower.cell_types == ("rich", "gc") and fitted.tower.window == 64
    assert set(told(fitted.val, fitted.tower.cell_types)) <= {"rich", "gc"}
    again = pretrained(some_sites(120, 90), 64, RECIPE, tmp_path / "state")  # goes on from the end
    for one, other in zip(fitted.tower.parameters(), again.tower.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
    with pytest.raises(DataError, match="found 30 that may be learnt from, in 2 columns that vary; expected at least"):
        pretrained(some_sites(30), 64, RECIPE, tmp_path / "few")


def test_legnet_starts_from_the_body_and_keeps_its_own_last_layer() -> None:
    body, tower = random_legnet(1), random_legnet(2)
    last = tower.state_dict()[LAST].clone()
    location = tower.location.clone() + 1
    tower.location.copy_(location)
    start_from(tower, body)
    x = one_hot(torch.randint(0, 4, (3, 60)))
    torch.testing.assert_close(tower.features_of(x), body.features_of(x), rtol=0, atol=0)
    assert torch.equal(tower.state_dict()[LAST], last) and torch.equal(tower.location, location)
    other = new_tower(LEGNET, ("A",), 64, 0.1, 0)
    assert isinstance(other, LegNet)
    with pytest.raises(RuntimeError, match="size mismatch"):
        start_from(other, body)
