"""Evidence of models whose worth of every set of sites is known, on either strand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations

import numpy as np
from card_helpers import setting
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cistrace.cards.build import evidence_card
from cistrace.cards.evidence import MOST_TOLD, SequenceEvidence
from cistrace.cards.found import FoundMotifs
from cistrace.cards.sites import Site
from cistrace.motifs.hit import MotifHit
from cistrace.towers.site_evidence import BLANK, site_evidence

CELLS = 2
WIDTH, APART = 6, 10
Worth = Callable[[frozenset[int]], list[float]]


def site(number: int) -> Site:
    start = APART * number + 2
    hit = MotifHit("none", f"T{number}", frozenset(), start, start + WIDTH, "+", 9.0, 1e-6)
    return Site(start, start + WIDTH, hit, f"T{number}", f"A{number}")


def sequence(count: int) -> str:
    return "ACGTACGTAC" * count or "AC"


def there(bases: str) -> frozenset[int]:
    """Sites that are whole; a site is so or blank, and nothing else of the sequence is."""
    present = {at for at in range(len(bases) // APART) if bases[APART * at + 2] != BLANK}
    expected = "".join(
        letter if at // APART in present or not 2 <= at % APART < 2 + WIDTH else BLANK
        for at, letter in enumerate(sequence(len(bases) // APART))
    )
    assert bases == expected
    return frozenset(present)


class Scorer:
    """One strand of a model; keeps what it was asked."""

    def __init__(self, worth: Worth) -> None:
        self.worth = worth
        self.calls: list[list[str]] = []

    def __call__(self, asked: list[str]) -> NDArray[np.float32]:
        self.calls.append(list(asked))
        return np.array([self.worth(there(bases)) for bases in asked], dtype=np.float32).reshape(-1, CELLS)


figures = st.integers(-2000, 2000).map(lambda value: value / 1000)
rows = st.lists(figures, min_size=CELLS, max_size=CELLS)


@st.composite
def additive(draw: st.DrawFn, count: int) -> tuple[Worth, NDArray[np.float64], NDArray[np.float64]]:
    single = np.array(draw(st.lists(rows, min_size=count, max_size=count))).reshape(-1, CELLS)
    base = np.array(draw(rows))
    return lambda sites: (base + single[sorted(sites)].sum(axis=0)).tolist(), base, single


@st.composite
def any_worth(draw: st.DrawFn) -> Worth:
    """Another number for every set of sites and cell type."""
    seed = draw(st.integers(0, 2**16))

    def worth(sites: frozenset[int]) -> list[float]:
        return np.random.default_rng([seed, *sorted(sites)]).uniform(-2, 2, CELLS).round(3).tolist()

    return worth


@st.composite
def weight_lists(draw: st.DrawFn, most: int = 11) -> list[float]:
    return draw(st.lists(st.integers(0, 6).map(float), max_size=most))


def one(given: Worth, other: Worth, weights: Iterable[float]) -> SequenceEvidence:
    weights = list(weights)
    sites = [site(number) for number in range(len(weights))]
    (found,) = site_evidence(Scorer(given), Scorer(other), [sequence(len(sites))], [sites], [np.array(weights)])
    return found


@given(weight_lists().flatmap(lambda w: st.tuples(st.just(w), additive(len(w)), additive(len(w)))))
def test_of_an_additive_model_amounts_are_what_each_site_is_worth(drawn: tuple[list[float], tuple, tuple]) -> None:  # type: ignore[type-arg]
    weights, (given_worth, base, single), (other_worth, other_base, other_single) = drawn
    found = one(given_worth, other_worth, weights)
    worth = (single + other_single) / 2
    np.testing.assert_allclose(found.backdrops, (base + other_base) / 2, atol=1e-5)
    np.testing.assert_allclose(found.estimates, (base + other_base) / 2 + worth.sum(axis=0), atol=1e-5)
    np.testing.assert_allclose(found.amounts, worth[list(found.told)], atol=1e-5)
    np.testing.assert_allclose(found.interplay, 0, atol=1e-5)


@given(any_worth(), any_worth(), weight_lists())
def test_of_any_model_they_are_losses_in_two_orders(given_w: Worth, other_w: Worth, weights: list[float]) -> None:
    """By the definition, one by one: the weightiest leaves first on the given strand, last on the other."""
    found = one(given_w, other_w, weights)
    order = sorted(range(len(weights)), key=lambda at: (-weights[at], at))
    assert found.told == tuple(order[:MOST_TOLD])
    groups = [{at} for at in found.told] + ([set(order[MOST_TOLD:])] if len(weights) > MOST_TOLD else [])
    everything = frozenset(range(len(weights)))
    lost: list[list[NDArray[np.float64]]] = [[] for _ in groups]
    for worth, turn in ((given_w, groups), (other_w, groups[::-1])):
        left = everything
        for group in turn:
            lost[groups.index(group)].append(np.array(worth(left)) - np.array(worth(left - group)))
            left -= group
    expected = [np.mean(pair, axis=0) for pair in lost][: len(found.told)]
    np.testing.assert_allclose(found.amounts, np.array(expected).reshape(-1, CELLS), atol=1e-5)
    nothing = frozenset[int]()
    np.testing.assert_allclose(found.estimates, np.mean([given_w(everything), other_w(everything)], axis=0), atol=1e-5)
    np.testing.assert_allclose(found.backdrops, np.mean([given_w(nothing), other_w(nothing)], axis=0), atol=1e-5)
    rest = [np.mean(pair, axis=0) for pair in lost][len(found.told) :]
    total = found.backdrops + found.amounts.sum(axis=0) + np.sum(rest, axis=0)
    np.testing.assert_allclose(total, found.estimates, atol=1e-5)
    if len(weights) < 2:
        assert found.pair is None and not found.interplay.any()
        return
    first, second = (found.told[place] for place in found.pair or ())
    assert (first, second) == tuple(order[:2])
    whole, a, b, both = (np.array(given_w(everything - gone)) for gone in (set(), {first}, {second}, {first, second}))
    np.testing.assert_allclose(found.interplay, whole - a - b + both, atol=1e-5)


@given(any_worth(), any_worth(), weight_lists())
def test_a_card_of_it_adds_up_and_its_rest_is_the_others(given_w: Worth, other_w: Worth, weights: list[float]) -> None:
    found = one(given_w, other_w, weights)
    sites = tuple(site(number) for number in range(len(weights)))
    card = evidence_card(sequence(len(sites)), FoundMotifs((), sites), found, 1, setting())
    assert card.ledger is not None
    told = [site for site in card.sites if site.amount is not None]
    assert len(told) == min(MOST_TOLD, len(weights))
    left = float(found.estimates[1] - found.backdrops[1] - found.amounts[:, 1].sum())
    assert abs(card.rest - left) <= 0.005 * (len(told) + 4)


def test_of_a_pure_pair_half_is_in_either_amount_and_all_of_it_interplay() -> None:
    def worth(sites: frozenset[int]) -> list[float]:
        return [0.8 if {0, 2} <= sites else 0.0, -0.4 if {0, 2} <= sites else 0.0]

    found = one(worth, worth, [5, 1, 4])
    assert (found.told, found.pair) == ((0, 2, 1), (0, 1))
    np.testing.assert_allclose(found.amounts, np.array([[0.4, -0.2], [0.4, -0.2], [0.0, 0.0]]), atol=1e-6)
    np.testing.assert_allclose(found.interplay, [0.8, -0.4], atol=1e-6)
    np.testing.assert_allclose(found.backdrops, 0, atol=1e-6)
    # A pair that the weights do not name stays in the amounts.
    np.testing.assert_allclose(one(worth, worth, [5, 4, 1]).interplay, 0, atol=1e-6)


def test_what_is_interplay_leaves_no_amount_on_the_card() -> None:
    def worth(sites: frozenset[int]) -> list[float]:
        return [0.8 if {0, 1} <= sites else 0.0, 0.0]

    sites = (site(0), site(1))
    card = evidence_card(sequence(2), FoundMotifs((), sites), one(worth, worth, [1, 1]), 0, setting())
    assert [site.amount for site in card.sites] == [0.0, 0.0]
    assert card.ledger is not None and card.ledger.interplay is not None
    assert (card.ledger.interplay.amount, card.ledger.total, card.rest) == (0.8, 0.8, 0.0)


def test_a_sequence_of_no_site_is_all_backdrop_and_one_of_one_has_no_pair() -> None:
    def worth(sites: frozenset[int]) -> list[float]:
        return [1.0 + len(sites), -1.0]

    empty = one(worth, worth, [])
    assert (empty.told, empty.pair, empty.amounts.shape) == ((), None, (0, CELLS))
    assert empty.backdrops.tolist() == empty.estimates.tolist() == [1.0, -1.0]
    assert empty.interplay.tolist() == [0.0, 0.0]
    alone = one(worth, worth, [0.0])
    assert (alone.told, alone.pair, alone.amounts.tolist()) == ((0,), None, [[1.0, 0.0]])


def test_sites_of_most_weight_are_told_and_the_first_of_equals() -> None:
    found = one(lambda sites: [0.0] * CELLS, lambda sites: [0.0] * CELLS, [1, 3, 1, 3, 2, 1, 1, 1, 1])
    assert found.told == (1, 3, 4, 0, 2, 5, 6)


def test_the_others_leave_together_as_one() -> None:
    count = MOST_TOLD + 3
    given_strand, other_strand = (Scorer(lambda sites: [float(len(sites)), 0.0]) for _ in range(2))
    weights = np.arange(count, 0, -1.0)
    sites = [site(number) for number in range(count)]
    (found,) = site_evidence(given_strand, other_strand, [sequence(count)], [sites], [weights])
    assert found.amounts[:, 0].tolist() == [1.0] * MOST_TOLD
    assert (found.backdrops[0], found.estimates[0]) == (0.0, count)
    (asked,) = given_strand.calls
    left = [sorted(there(bases)) for bases in asked]
    assert left[:-1] == [*(list(range(gone, count)) for gone in range(MOST_TOLD + 1)), []]
    assert left[-1] == [0, *range(2, count)]  # the second alone is gone
    (asked,) = other_strand.calls
    left = [sorted(there(bases)) for bases in asked]
    assert left == [list(range(count)), *(list(range(kept)) for kept in range(MOST_TOLD, -1, -1))]


@given(st.lists(weight_lists(), min_size=1, max_size=4), any_worth(), any_worth())
def test_sequences_do_not_mix_and_each_strand_is_asked_once(
    weights: list[list[float]], given_w: Worth, other_w: Worth
) -> None:
    strands = Scorer(given_w), Scorer(other_w)
    sites = [[site(number) for number in range(len(one))] for one in weights]
    many = site_evidence(*strands, [sequence(len(one)) for one in weights], sites, [np.array(one) for one in weights])
    for strand in strands:
        (asked,) = strand.calls
        assert len(asked) <= 10 * len(weights)
    for found, alone in zip(many, weights, strict=True):
        expected = one(given_w, other_w, alone)
        assert (found.told, found.pair) == (expected.told, expected.pair)
        for name in ("estimates", "backdrops", "amounts", "interplay"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_no_sequence_asks_nothing() -> None:
    strand = Scorer(lambda sites: [0.0] * CELLS)
    assert site_evidence(strand, strand, [], [], []) == []
    assert strand.calls == []


def test_a_site_at_either_end_is_taken_away_whole() -> None:
    bases = "ACGTACGTAC" * 2
    hit = MotifHit("none", "T", frozenset(), 0, 8, "+", 9.0, 1e-6)
    ends = [Site(0, 8, hit, "T", "T"), Site(12, 20, hit, "T", "T")]
    seen: list[str] = []

    def score(asked: list[str]) -> NDArray[np.float32]:
        seen.extend(asked)
        return np.zeros((len(asked), CELLS), np.float32)

    site_evidence(score, score, [bases], [ends], [np.array([2.0, 1.0])])
    blank = "N" * 8
    assert seen == [
        bases, blank + bases[8:], blank + bases[8:12] + blank, bases[:12] + blank,
        bases, bases[:12] + blank, blank + bases[8:12] + blank,
    ]  # fmt: skip


@given(any_worth())
def test_evidence_of_some_cell_types_is_that_of_their_columns(worth: Worth) -> None:
    found = one(worth, worth, [1, 2, 3])
    for columns in ([0], [1], [1, 0], [0, 1], []):
        part = found.of_columns(columns)
        assert (part.told, part.pair) == (found.told, found.pair)
        assert part.estimates.tolist() == [found.estimates[at] for at in columns]
        assert part.backdrops.tolist() == [found.backdrops[at] for at in columns]
        assert part.interplay.tolist() == [found.interplay[at] for at in columns]
        assert part.amounts.tolist() == [[row[at] for at in columns] for row in found.amounts.tolist()]


def test_of_singles_and_one_pair_amounts_are_shapley_values() -> None:
    """A pair's worth is shared half and half, whichever pair it is."""
    for pair in combinations(range(4), 2):

        def worth(sites: frozenset[int], pair: tuple[int, ...] = pair) -> list[float]:
            return [0.1 * sum(sites) + (0.6 if set(pair) <= sites else 0.0), 0.0]

        found = one(worth, worth, [4, 3, 2, 1])
        for at in range(4):
            assert abs(found.amounts[at, 0] - (0.1 * at + (0.3 if at in pair else 0.0))) < 1e-6
