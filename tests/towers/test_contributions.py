from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from tower_helpers import random_legnet, random_residual

from cistrace.io.regions import reverse_complement
from cistrace.towers import contributions
from cistrace.towers.contributions import base_contributions
from cistrace.towers.encoding import base_codes, one_hot
from cistrace.towers.evidence import Towers
from cistrace.towers.tower import Tower


def sequences(count: int, length: int = 60) -> list[str]:
    random = np.random.default_rng(1)
    return ["".join(random.choice(list("ACGT"), length)) for _ in range(count)]


class Line(Tower):
    """A tower that adds a weight for each base and place: contributions are these weights."""

    def __init__(self) -> None:
        super().__init__(("A", "B"), 60)
        torch.manual_seed(3)
        self.weights = torch.randn(2, 4, 60)
        self.head = torch.nn.Sequential(torch.nn.Linear(240, 2, bias=False))
        self.head[0].weight.data = self.weights.flatten(1)

    def embed(self, image: torch.Tensor) -> torch.Tensor:
        return image[:, :, 0].flatten(1)

    def edges(self) -> list[torch.nn.Parameter]:
        return []


def test_contributions_of_a_sum_over_bases_are_its_terms() -> None:
    tower = Line()
    bases = "AACNGT" + "ACGT" * 10
    (found,) = Towers(tower, tower).contributions([bases])
    rows = {strand: one_hot(base_codes([strand], 60))[0] for strand in (bases, reverse_complement(bases))}
    terms = [torch.einsum("bl,cbl->lc", row, tower.weights).detach().numpy() for row in rows.values()]
    np.testing.assert_allclose(found, ((terms[0] + terms[1][::-1]) / 2)[7:53], rtol=0, atol=1e-5)
    assert not found[3].any()


@pytest.mark.parametrize("made", [random_legnet, random_residual])
def test_contributions_and_the_blank_add_up_to_the_activity(made: Callable[[int], Tower]) -> None:
    towers = Towers(made(0), made(1))
    many = [*sequences(3), *sequences(2, 31), "N" * 40]
    sums = np.stack([found.sum(axis=0) for found in towers.contributions(many)])
    np.testing.assert_allclose(towers.blank + sums, towers.estimate(many), rtol=0, atol=contributions.TOLERANCE)


class Switch(Line):
    """A tower that turns from 0 to 1 where nine tenths of the bases are there."""

    def __init__(self) -> None:
        super().__init__()
        self.head = torch.nn.Sequential(torch.nn.Linear(1, 2, bias=False))
        torch.nn.init.ones_(self.head[0].weight)  # type: ignore[arg-type]

    def embed(self, image: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(80 * (image.mean(dim=(2, 3)).sum(dim=1, keepdim=True) - 0.9))


def test_steps_are_doubled_until_contributions_add_up() -> None:
    tower, codes = Switch(), base_codes(sequences(3), 60)
    wanted = np.ones((3, 2), dtype=np.float32)
    lost = [
        np.abs(wanted - base_contributions(tower, codes, wanted, tolerance).sum(axis=1)).max()
        for tolerance in (np.inf, contributions.TOLERANCE, 0.0)
    ]
    assert lost[0] > contributions.TOLERANCE > lost[1] > lost[2]
    assert lost[2] < 1e-3


def test_contributions_of_the_other_strand_are_mirrored() -> None:
    towers = Towers(random_legnet(0), random_residual(1))
    for length in (60, 44):
        (bases,) = sequences(1, length)
        (given,), (other,) = towers.contributions([bases]), towers.contributions([reverse_complement(bases)])
        np.testing.assert_allclose(given, other[::-1], rtol=0, atol=1e-4)


def test_contributions_do_not_depend_on_batch_or_order() -> None:
    towers = Towers(random_legnet(0), random_residual(1))
    many = [*sequences(4), *sequences(3, 20)]
    whole = towers.contributions(many)
    for one, bases in zip(whole, many, strict=True):
        assert one.shape == (len(bases), 2) and one.dtype == np.float32
        assert np.array_equal(one, towers.contributions([bases])[0])
    for one, turned in zip(whole, towers.contributions(many[::-1])[::-1], strict=True):
        assert np.array_equal(one, turned)
    assert towers.contributions([]) == []


def test_gradients_are_had_where_none_are_recorded() -> None:
    towers, many = Towers(random_legnet(0), random_residual(1)), sequences(1)
    with torch.inference_mode():
        found = towers.contributions(many)
    assert np.array_equal(found[0], towers.contributions(many)[0])
