"""Ledgers of models whose worth of every site is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cistrace.cards.ledger import Ledger
from cistrace.cards.sites import Site
from cistrace.errors import ModelError
from cistrace.motifs.hit import MotifHit
from cistrace.towers.fillings import Place
from cistrace.towers.ledger import ledgers

CELLS = ("A", "B")
LETTERS = "GCT"  # one a site; a site is there while its letter is


def site(number: int) -> Site:
    start = 10 * number
    hit = MotifHit("none", LETTERS[number], frozenset(), start, start + 6, "+", 9.0, 1e-6)
    return Site(start, start + 6, hit, LETTERS[number], LETTERS[number])


def sequence(count: int) -> str:
    return "".join(LETTERS[number] * 6 + "AAAA" for number in range(count))


def scorer(worth: dict[frozenset[int], float]) -> object:
    """A model that knows what each set of sites is worth; the second cell type has the opposite."""

    def score(sequences: list[str]) -> NDArray[np.float64]:
        values = [worth[frozenset(at for at in range(3) if LETTERS[at] in bases)] for bases in sequences]
        return np.array([[value, -value] for value in values]).reshape(-1, 2)

    return score


@st.composite
def worths(draw: st.DrawFn) -> dict[frozenset[int], float]:
    number = st.floats(-3, 3).map(lambda value: round(value, 2))
    return {frozenset(at for at in range(3) if mask >> at & 1): draw(number) for mask in range(8)}


def only(found: list[tuple[Ledger, ...]]) -> tuple[Ledger, Ledger]:
    assert len(found) == 1
    first, second = found[0]
    return first, second


def order_amounts(worth: dict[frozenset[int], float], order: tuple[int, ...]) -> dict[int, float]:
    """What the loss of each site costs, lost in an order."""
    left, result = frozenset(range(3)), {}
    for at in order:
        result[at] = worth[left] - worth[left - {at}]
        left -= {at}
    return result


@given(worths())
def test_amounts_are_the_mean_of_two_opposite_orders_and_add_up(worth: dict[frozenset[int], float]) -> None:
    found, other = only(ledgers(scorer(worth), CELLS, [sequence(3)], [[site(0), site(1), site(2)]]))  # type: ignore[arg-type]
    whole = frozenset(range(3))
    alone = {at: worth[whole] - worth[whole - {at}] for at in range(3)}
    order = tuple(sorted(range(3), key=lambda at: -abs(alone[at])))
    ways = order_amounts(worth, order), order_amounts(worth, order[::-1])
    for one in found.sites:
        at = LETTERS.index(one.site.symbol)
        assert math.isclose(one.amount, (ways[0][at] + ways[1][at]) / 2, abs_tol=1e-9)
        assert math.isclose(one.alone, alone[at], abs_tol=1e-9)
    assert math.isclose(found.backdrop, worth[frozenset()], abs_tol=1e-9)
    assert math.isclose(found.backdrop + sum(one.amount for one in found.sites), found.total, abs_tol=1e-9)
    sizes = [abs(one.amount) for one in found.sites]
    assert sizes == sorted(sizes, reverse=True)
    assert [one.amount for one in other.sites] == pytest.approx([-one.amount for one in found.sites])


@given(st.lists(st.floats(-2, 2), min_size=3, max_size=3), st.lists(st.floats(-1, 1), min_size=3, max_size=3))
def test_of_sites_and_pairs_amounts_are_shapley_values(single: list[float], pairs: list[float]) -> None:
    couples = [(0, 1), (0, 2), (1, 2)]
    worth = {}
    for mask in range(8):
        there = {at for at in range(3) if mask >> at & 1}
        both = sum(value for value, couple in zip(pairs, couples) if there >= set(couple))
        worth[frozenset(there)] = sum(single[at] for at in there) + both
    found, _ = only(ledgers(scorer(worth), CELLS, [sequence(3)], [[site(0), site(1), site(2)]]))  # type: ignore[arg-type]
    every = [order_amounts(worth, order) for order in permutations(range(3))]
    for one in found.sites:
        at = LETTERS.index(one.site.symbol)
        assert math.isclose(one.amount, sum(way[at] for way in every) / 6, abs_tol=1e-9)


def test_sequences_do_not_mix_and_none_needs_a_site() -> None:
    worth = {frozenset(at for at in range(3) if mask >> at & 1): float(mask) for mask in range(8)}
    sites = [[site(0)], [], [site(0), site(1), site(2)]]
    found = ledgers(scorer(worth), CELLS, [sequence(1), "A" * 20, sequence(3)], sites)  # type: ignore[arg-type]
    assert [len(both[0].sites) for both in found] == [1, 0, 3]
    assert [both[0].total for both in found] == [1, 0, 7]
    assert [both[0].backdrop for both in found] == [0, 0, 0]
    assert ledgers(scorer(worth), CELLS, [], []) == []  # type: ignore[arg-type]


def test_a_site_is_taken_away_as_asked() -> None:
    seen: list[str] = []

    def score(sequences: list[str]) -> NDArray[np.float64]:
        seen.extend(sequences)
        return np.zeros((len(sequences), 2))

    def dashes(places: Sequence[Place]) -> list[str]:
        return ["-" * (place.end - place.start) for place in places]

    ledgers(score, CELLS, [sequence(2)], [[site(0), site(1)]], dashes)
    assert seen == [
        "GGGGGGAAAACCCCCCAAAA", "------AAAACCCCCCAAAA", "GGGGGGAAAA------AAAA",
        "------AAAA------AAAA",
    ]  # fmt: skip


def test_scores_of_another_shape_are_refused() -> None:
    with pytest.raises(ModelError, match=r"found scores of shape \(2,\) for 2 sequences, expected \(2, 2\)"):
        ledgers(lambda sequences: np.zeros(len(sequences)), CELLS, [sequence(1)], [[site(0)]])
