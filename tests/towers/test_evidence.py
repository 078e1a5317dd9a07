from __future__ import annotations

import numpy as np
import torch
from tower_helpers import random_legnet, random_residual

from cistrace.io.regions import reverse_complement as opposite
from cistrace.motifs.hit import MotifHit
from cistrace.towers.encoding import base_codes, one_hot
from cistrace.towers.evidence import ROWS, Towers
from cistrace.towers.tower import fused


def sequences(count: int, length: int = 60) -> list[str]:
    random = np.random.default_rng(1)
    return ["".join(random.choice(list("ACGT"), length)) for _ in range(count)]


def test_estimates_do_not_depend_on_batch_or_order() -> None:
    towers = Towers(random_legnet(0), random_residual(1))
    many = sequences(ROWS + 9)
    whole = towers.estimate(many)
    assert np.array_equal(whole[::-1], towers.estimate(many[::-1]))
    assert np.array_equal(whole[:1], towers.estimate(many[:1]))


def test_estimates_are_the_towers_own_bit_by_bit() -> None:
    """Passes of their own size, and the given strand's rows beside the other's, change nothing."""
    tower, many = random_legnet(2), sequences(ROWS)
    whole = fused(tower)
    with torch.inference_mode():
        alone = [whole(one_hot(base_codes(part, 60))).numpy() for part in (many, [opposite(one) for one in many])]
    towers = Towers(tower, random_residual())
    assert np.array_equal(towers.strands(many), np.stack(alone))
    assert np.array_equal(towers.estimate(many), np.stack(alone).mean(axis=0))


def test_estimates_are_those_of_both_strands() -> None:
    towers = Towers(random_legnet(), random_residual())
    many = sequences(3)
    np.testing.assert_allclose(
        towers.estimate(many), towers.estimate([opposite(bases) for bases in many]), rtol=0, atol=1e-5
    )


def test_a_contribution_is_what_blanking_the_hit_costs() -> None:
    tower = random_residual()
    bases = sequences(1, 50)[0]  # padded by five on each side
    hit = MotifHit("M", "TF", frozenset(), 10, 18, "+", 9.0, 1e-6)
    blanked = bases[:10] + "N" * 8 + bases[18:]
    with torch.inference_mode():
        before, after = (tower(one_hot(base_codes([text], 60)))[0] for text in (bases, blanked))
    evidence = Towers(tower, tower).evidence([bases, bases], [[hit], []])
    np.testing.assert_allclose(evidence[0].contributions[0], (before - after).numpy(), rtol=0, atol=1e-4)
    assert evidence[1].contributions.shape == (0, 2)


def test_one_tower_estimates_and_the_other_contributes() -> None:
    bases, hit = sequences(1)[0], MotifHit("M", "TF", frozenset(), 10, 18, "+", 9.0, 1e-6)
    legnet, residual = random_legnet(0), random_residual(1)
    (both,) = Towers(legnet, residual).evidence([bases], [[hit]])
    (alone,) = Towers(residual, residual).evidence([bases], [[hit]])
    assert np.array_equal(both.estimates, Towers(legnet, legnet).estimate([bases])[0])
    assert np.array_equal(both.contributions, alone.contributions)
