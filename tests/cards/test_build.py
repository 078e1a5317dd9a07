from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from card_helpers import a_told_card, bases, cards, hit, hits, sequence_evidence, setting
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.backdrop import CompositionLine
from cistrace.cards.build import LEAST_INTERPLAY, MOST_OTHERS, evidence_card, paper_card
from cistrace.cards.card import Card, CardLedger, Composition, Interplay, TfEffect
from cistrace.cards.composition import composition
from cistrace.cards.evidence import SequenceEvidence
from cistrace.cards.found import FoundMotifs, found_motifs
from cistrace.cards.json import card_object
from cistrace.errors import CardError
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.overlap import best_of_family

BASES = "ACGT" * 10
A, B, C = hit("A", 0, 8, 9.0, "F"), hit("B", 9, 17, 8.0, "G"), hit("C", 20, 30, 7.25, "H")
FOUND = found_motifs([A, B, C])


def said(**changes: Any) -> SequenceEvidence:
    """Of three sites in two cell types; the third site is told first, the second among the rest."""
    parts = {
        "estimates": np.array([9, 1.234], np.float32),
        "backdrops": np.array([9, 0.25], np.float32),
        "told": (2, 0),
        "amounts": np.array([[9, 0.204], [9, -0.5]], np.float32),
        "pair": (0, 1),
        "interplay": np.array([9, 0.1], np.float32),
    }
    return SequenceEvidence(**{**parts, **changes})


def hundredths(value: float) -> int:
    assert value == round(value, 2)
    return round(100 * value)


def test_a_card_holds_the_evidence_of_its_own_cell_type() -> None:
    line = CompositionLine(0.1, -0.4, 0.0)
    card = evidence_card(BASES, FOUND, said(), 1, setting({"A": TfEffect(0.12345, 0.04321)}, line), "associations")
    assert card.ledger == CardLedger("associations", -0.1, 0.35, None, 1.23, 3)
    assert [(site.tf, site.start, site.amount) for site in card.sites] == [
        ("A", 0, -0.5),
        ("C", 20, 0.2),
        ("B", 9, None),
    ]
    assert [site.effect for site in card.sites] == [TfEffect(0.123, 0.043), None, None]
    assert card.rest == 1.28  # 1.23 - (-0.1 + 0.35 - 0.5 + 0.2)
    assert card.cell_type == "K562" and card.composition == composition(BASES)
    assert [one.name for one in card.hits] == ["A", "B", "C"]


def test_towers_speak_unless_another_is_named() -> None:
    card = evidence_card(BASES, FOUND, said(), 1, setting())
    assert card.ledger is not None and card.ledger.source == "towers"


def test_interplay_is_told_where_it_is_clear_and_then_no_part_of_amounts() -> None:
    joined = said(interplay=np.array([9, -0.3], np.float32))
    card = evidence_card(BASES, FOUND, joined, 1, setting())
    assert card.ledger is not None and card.ledger.interplay == Interplay((0, 1), -0.3)
    assert [site.amount for site in card.sites] == [-0.35, 0.35, None]
    unclear = said(interplay=np.array([9, LEAST_INTERPLAY - 0.001], np.float32))
    assert [site.amount for site in evidence_card(BASES, FOUND, unclear, 1, setting()).sites] == [-0.5, 0.2, None]


def test_interplay_names_its_sites_where_they_stand_on_the_card() -> None:
    """The pair is of the places among those told, which the card sorts by what they are worth."""
    evidence = said(
        told=(1, 2, 0), amounts=np.array([[9, 0.1], [9, -0.05], [9, 0.8]], np.float32), pair=(0, 1),
        interplay=np.array([9, 0.4], np.float32),
    )  # fmt: skip
    card = evidence_card(BASES, FOUND, evidence, 1, setting())
    assert [(site.tf, site.amount) for site in card.sites] == [("A", 0.8), ("C", -0.25), ("B", -0.1)]
    assert card.ledger is not None and card.ledger.interplay == Interplay((1, 2), 0.4)


def test_the_others_that_fit_stand_behind_a_site() -> None:
    more = [hit(f"X{at}", 0, 8, 6 - at, f"G{at}") for at in range(MOST_OTHERS + 2)]
    card = evidence_card(
        BASES, found_motifs([A, *more]), said(told=(0,), amounts=np.ones((1, 2)), pair=None), 1, setting()
    )
    assert card.sites[0].others == tuple(f"X{at}" for at in range(MOST_OTHERS))


@given(cards())
def test_what_is_stated_adds_up_to_the_hundredth(card: Card) -> None:
    assert card.ledger is not None
    terms = [card.ledger.composition, card.ledger.bases, card.rest]
    terms += [site.amount for site in card.sites if site.amount is not None]
    terms += [card.ledger.interplay.amount] if card.ledger.interplay else []
    assert sum(map(hundredths, terms)) == hundredths(card.ledger.total)


@given(cards())
def test_no_figure_is_minus_nothing(card: Card) -> None:
    def figures(plain: Any) -> list[float]:
        inside = plain.values() if isinstance(plain, dict) else plain if isinstance(plain, list) else ()
        return [plain] if isinstance(plain, float) else [figure for one in inside for figure in figures(one)]

    assert not [figure for figure in [*figures(card_object(card)), card.rest] if str(figure) == "-0.0"]


@given(cards())
def test_told_sites_stand_by_falling_size_and_the_others_by_place(card: Card) -> None:
    told = [abs(site.amount) for site in card.sites if site.amount is not None]
    assert told == sorted(told, reverse=True)
    rest = [site.start for site in card.sites[len(told) :]]
    assert rest == sorted(rest) and all(site.amount is None for site in card.sites[len(told) :])


@given(st.lists(hits(120), max_size=10), st.data())
def test_a_card_does_not_depend_on_the_order_of_what_is_told(found: list[MotifHit], data: st.DataObject) -> None:
    motifs = found_motifs(found)
    evidence = data.draw(sequence_evidence(len(motifs.sites)))
    order = data.draw(st.permutations(range(len(evidence.told))))
    turned = replace(
        evidence, told=tuple(evidence.told[at] for at in order), amounts=evidence.amounts[list(order)],
        pair=None if evidence.pair is None else (order.index(0), order.index(1)),
    )  # fmt: skip
    sequence = "ACGTTGCATC" * 12
    assert evidence_card(sequence, motifs, turned, 0, setting()) == evidence_card(
        sequence, motifs, evidence, 0, setting()
    )


@given(st.lists(hits(120), max_size=10), st.data())
def test_a_card_says_what_the_evidence_says(found: list[MotifHit], data: st.DataObject) -> None:
    motifs = found_motifs(found)
    evidence = data.draw(sequence_evidence(len(motifs.sites), 2))
    card = evidence_card("ACGTTGCATC" * 12, motifs, evidence, 1, setting())
    assert card.ledger is not None
    assert abs(card.ledger.composition + card.ledger.bases - float(evidence.backdrops[1])) <= 0.0051
    assert abs(card.ledger.total - float(evidence.estimates[1])) <= 0.0051
    amounts = {site.start: site.amount for site in card.sites}
    joined = card.ledger.interplay
    assert (joined is not None) == (evidence.pair is not None and abs(float(evidence.interplay[1])) >= LEAST_INTERPLAY)
    pair = [] if joined is None else [card.sites[place].start for place in joined.sites]
    for place, worth in zip(evidence.told, evidence.amounts[:, 1].tolist(), strict=True):
        start = motifs.sites[place].start
        half = joined.amount / 2 if joined is not None and start in pair else 0.0
        amount = amounts.pop(start)
        assert amount is not None and abs(amount + half - worth) <= 0.0076
    assert set(amounts.values()) <= {None}
    assert [(one.start, one.end) for one in sorted(card.sites, key=lambda site: site.start)] == [
        (one.start, one.end) for one in motifs.sites
    ]


def test_a_card_of_no_site_and_one_of_one_have_ledgers() -> None:
    empty = a_told_card("A" * 20, [], [], 0.3, 0.3)
    assert (empty.sites, empty.rest, empty.tags) == ((), 0.0, ())
    assert empty.ledger == CardLedger("towers", 0.0, 0.3, None, 0.3, 2)
    alone = a_told_card("A" * 20, [A], [-0.004], 0.3, 0.3)
    assert [str(site.amount) for site in alone.sites] == ["0.0"]


def test_tags_are_of_sites_told_or_not() -> None:
    three = found_motifs([hit("A", start, start + 8, 9.0, "F") for start in (0, 10, 20)])
    evidence = said(told=(1,), amounts=np.ones((1, 2), np.float32), pair=None)
    card = evidence_card(BASES, three, evidence, 1, setting())
    assert [site.start for site in card.sites] == [10, 0, 20]
    assert [(tag.kind, tag.label, tag.members, tag.distance) for tag in card.tags] == [
        ("homotypic", "A", (0, 1, 2), 28)
    ]


def test_amounts_of_other_sites_are_refused() -> None:
    with pytest.raises(CardError, match="found an amount of site 3 of 1") as caught:
        evidence_card(BASES, found_motifs([A]), said(), 1, setting())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [10.0, -10.0, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["estimates", "backdrops", "amounts", "interplay"])
def test_what_no_card_can_state_is_refused(name: str, value: float) -> None:
    array = getattr(said(), name).copy()
    array[..., 1] = value
    with pytest.raises(CardError, match=r"log2 units, expected at most 9\.99 either way"):
        evidence_card(BASES, FOUND, said(**{name: array}), 1, setting())


@given(bases.flatmap(lambda sequence: st.tuples(st.just(sequence), st.lists(hits(len(sequence)), max_size=12))))
def test_the_papers_card_has_hits_alone(pair: tuple[str, list[MotifHit]]) -> None:
    sequence, found = pair
    card = paper_card(sequence, "HepG2", found)
    assert (card.sites, card.ledger, card.rest) == ((), None, 0.0)
    best = best_of_family(found)
    assert [(one.name, one.start, one.end, one.strand) for one in card.hits] == [
        (one.name, one.start, one.end, one.strand) for one in best
    ]
    assert all((one.matrix_id, one.p_value) == ("", None) for one in card.hits)
    assert paper_card(sequence, "HepG2", best) == card


def test_tags_of_the_papers_card_are_of_its_hits() -> None:
    found = [
        MotifHit("MA0028.3", "ELK1", frozenset({"Ets"}), start, start + 9, "+", 9.0, 1e-6) for start in (0, 12, 30)
    ]
    (tag,) = paper_card(BASES, "K562", found).tags
    assert (tag.kind, tag.label, tag.members, tag.distance) == ("homotypic", "ETS", (0, 1, 2), 39)


def test_a_card_shows_itself_in_a_line() -> None:
    assert repr(a_told_card("A" * 20, [A], [0.2], 0.1, 0.42)) == (
        "<Card 20 bp in K562: 1 sites (A), 0 tags, total +0.42>"
    )
    assert repr(paper_card("A" * 20, "K562", [])) == "<Card 20 bp in K562: no hits, 0 tags, no ledger>"
    assert repr(a_told_card("A" * 20, [], [], 0.1, 0.1)) == "<Card 20 bp in K562: no sites, 0 tags, total +0.10>"
    assert Card("ACGT", "K562", Composition(0.5, 0.0, 0.0), ()).version == "2"


def test_found_motifs_alone_make_a_card() -> None:
    assert evidence_card(BASES, FoundMotifs((), ()), said(told=(), amounts=np.zeros((0, 2)), pair=None), 1, setting())
