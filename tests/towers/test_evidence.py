from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from tower_helpers import random_legnet, random_residual

from cistrace.cards.evidence import MOST_TOLD
from cistrace.cards.sites import Site
from cistrace.io.regions import reverse_complement as opposite
from cistrace.motifs.hit import MotifHit
from cistrace.towers.encoding import base_codes, one_hot
from cistrace.towers.evidence import ROWS, Towers
from cistrace.towers.tower import Tower, fused


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


def site(start: int, end: int) -> Site:
    hit = MotifHit("M", f"TF{start}", frozenset(), start, end, "+", 9.0, 1e-6)
    return Site(start, end, hit, hit.name, hit.name)


def without(bases: str, *sites: Site) -> str:
    for one in sites:
        bases = bases[: one.start] + "N" * one.width + bases[one.end :]
    return bases


def read(tower: Tower, bases: str, turned: bool = False) -> NDArray[np.float32]:
    """One sequence by one tower, from one strand."""
    x = one_hot(base_codes([opposite(bases) if turned else bases], 60))
    with torch.inference_mode():
        found: NDArray[np.float32] = tower(x)[0].numpy()
    return found


def test_the_amount_of_one_site_is_what_blanking_it_costs_on_both_strands() -> None:
    tower = random_residual()
    bases, one = sequences(1, 50)[0], site(10, 18)  # padded by five on each side
    found, nothing = Towers(tower, tower).evidence([bases, bases], [[one], []])
    blank = without(bases, one)
    cost = [read(tower, bases, turned) - read(tower, blank, turned) for turned in (False, True)]
    np.testing.assert_allclose(found.amounts[0], np.mean(cost, axis=0), rtol=0, atol=1e-4)
    np.testing.assert_allclose(found.backdrops, Towers(tower, tower).estimate([blank])[0], rtol=0, atol=1e-4)
    assert (found.told, found.pair) == ((0,), None)
    assert (nothing.amounts.shape, nothing.told) == ((0, 2), ())
    np.testing.assert_array_equal(nothing.backdrops, nothing.estimates)


def test_evidence_adds_up_to_the_estimate_of_the_very_tower_that_predicts() -> None:
    towers = Towers(random_legnet(0), random_residual(1))
    many = sequences(5)
    sites = [[site(at, at + 5) for at in range(0, 55, 6)][: 2 * number + 1] for number in range(5)]
    for bases, of_it, found in zip(many, sites, towers.evidence(many, sites), strict=True):
        np.testing.assert_allclose(found.estimates, towers.estimate([bases])[0], rtol=0, atol=1e-6)
        np.testing.assert_allclose(found.backdrops, towers.estimate([without(bases, *of_it)])[0], rtol=0, atol=1e-5)
        told = [of_it[place] for place in found.told]
        others = [one for one in of_it if one not in told]
        if not others:
            np.testing.assert_allclose(found.backdrops + found.amounts.sum(axis=0), found.estimates, rtol=0, atol=1e-5)
        assert len(told) == min(len(of_it), MOST_TOLD)


def test_evidence_does_not_depend_on_what_else_is_asked() -> None:
    towers = Towers(random_legnet(0), random_residual(1))
    many = sequences(9)
    sites = [[site(at, at + 8) for at in (3, 20, 40)[: number % 4]] for number in range(9)]
    for bases, of_it, found in zip(many, sites, towers.evidence(many, sites), strict=True):
        (alone,) = towers.evidence([bases], [of_it])
        assert (alone.told, alone.pair) == (found.told, found.pair)
        for name in ("estimates", "backdrops", "amounts", "interplay"):
            np.testing.assert_array_equal(getattr(alone, name), getattr(found, name))


def test_one_tower_gives_the_amounts_and_the_other_chooses_what_is_told() -> None:
    bases, sites = sequences(1)[0], [site(at, at + 8) for at in (2, 20, 40)]
    legnet, residual = random_legnet(0), random_residual(1)
    (both,) = Towers(legnet, residual).evidence([bases], [sites])
    (weights,) = Towers(legnet, residual).weights([bases], [sites])
    lost = [np.abs(read(residual, bases) - read(residual, without(bases, one))).max() for one in sites]
    np.testing.assert_allclose(weights, lost, rtol=0, atol=1e-4)
    assert both.told == tuple(np.argsort(-weights, kind="stable").tolist())
    assert np.array_equal(both.estimates, Towers(legnet, legnet).estimate([bases])[0])
    (swapped,) = Towers(legnet, legnet).evidence([bases], [sites])
    if swapped.told == both.told:
        np.testing.assert_array_equal(swapped.amounts, both.amounts)


def test_the_strands_are_two_readings_of_one_tower() -> None:
    tower = random_legnet()
    towers = Towers(tower, random_residual())
    (bases,) = sequences(1)
    strands = towers.strands([bases])
    np.testing.assert_allclose(strands[:, 0], [read(tower, bases), read(tower, bases, True)], rtol=0, atol=1e-5)
    np.testing.assert_array_equal(strands, [towers.given([bases]), towers.other([bases])])


def test_no_sequence_has_no_evidence() -> None:
    towers = Towers(random_legnet(), random_residual())
    assert towers.evidence([], []) == []
    assert towers.weights([], []) == []
    assert towers.estimate([]).shape == (0, 2)


def test_a_sequence_shorter_than_the_window_is_read_where_its_sites_lie() -> None:
    """Whatever margin it has: the tower sees the same blanks as if the sequence itself had them."""
    tower = random_residual()
    towers = Towers(random_legnet(), tower)
    for length in (20, 21, 59, 60):
        (bases,) = sequences(1, length)
        ends = [site(0, 6), site(length - 7, length)]
        (weights,) = towers.weights([bases], [ends])
        expected = [np.abs(read(tower, bases) - read(tower, without(bases, one))) for one in ends]
        np.testing.assert_allclose(weights, np.max(expected, axis=1), rtol=0, atol=1e-4)
