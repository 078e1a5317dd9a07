from __future__ import annotations

from dataclasses import replace

import pytest
from card_helpers import a_told_card, an_evidence_card, cards
from hypothesis import given

from cistrace.cards.build import paper_card
from cistrace.cards.card import Card, CardLedger, Composition, Interplay, TfEffect
from cistrace.motifs.archetypes import matrix_names
from cistrace.motifs.hit import MotifHit
from cistrace.traces.claims import known_effect, ledger_claims, site_claim, supported_claims
from cistrace.traces.ledger import summed
from cistrace.traces.text import parse_step, render_step


def kinds(card: Card) -> list[str]:
    return [claim.kind for claim in supported_claims(card)]


def texts(card: Card) -> list[str]:
    return [render_step(step) for step in summed(supported_claims(card))]


def test_all_that_a_card_supports_is_told_in_its_order() -> None:
    assert texts(an_evidence_card()) == [
        "GC content 0.500 is medium",
        "CpG observed/expected 1.67 is island-like",
        "low-complexity share 0.00 is negligible",
        "GC 0.500 and CpG 1.67 alone give -0.05, the bases between sites +0.30: now +0.25",
        "m1: ELK1 site (ETS) at 11-20 (+), 14 bits, adds +0.41: now +0.66; known effect raising",
        "m2: FOXA1 site (FOX) at 41-52 (-), 12 bits, costs -0.20: now +0.46; known effect not measured",
        "the whole comes to +0.53: what is not told above adds +0.07",
    ]


def joined_card() -> Card:
    """GATA1 at 1-7 beside SP1 at 11-19, with interplay; two more GATA1 sites, of which the last is among the rest."""
    found = [MotifHit("MA0035.5", "GATA1", frozenset({"GATA"}), at, at + 7, "+", 9.5, 1e-5) for at in (0, 24, 40)]
    found.append(MotifHit("MA0079.5", "SP1", frozenset({"KLF"}), 10, 19, "-", 12.5, 2e-7))
    return a_told_card("ACGT" * 15, found, [0.2, -0.55, 0.0], 0.1, 0.1, interplay=-0.3)


def test_tags_and_interplay_are_told_by_the_numbers_of_their_sites() -> None:
    card = joined_card()
    assert [site.start for site in card.sites] == [10, 0, 24, 40]
    assert texts(card)[3:] == [
        "3 GATA sites stand within 47 bp",
        "known partners GATA + SP/KLF, m1 and m2, stand 3 bp apart",
        "GC 0.500 and CpG 4.00 alone give +0.00, the bases between sites +0.10: now +0.10",
        "m1: SP1 site (SP/KLF) at 11-19 (-), 12 bits, costs -0.40: now -0.30; known effect not measured",
        "m2: GATA1 site (GATA) at 1-7 (+), 10 bits, adds +0.35: now +0.05; known effect not measured",
        "m3: GATA1 site (GATA) at 25-31 (+), 10 bits, adds +0.00: now +0.05; known effect not measured",
        "interplay of m1 and m2 costs -0.30: now -0.25",
        "the whole comes to +0.10: what is not told above adds +0.35",
    ]


def test_a_tag_may_be_of_sites_that_have_no_amount() -> None:
    card = joined_card()
    untold = replace(card, sites=tuple(replace(site, amount=None) for site in card.sites))
    assert texts(untold)[3:6] == texts(card)[3:6]
    assert "site" not in kinds(untold)


def test_without_a_ledger_composition_alone_is_a_claim() -> None:
    card = an_evidence_card()
    plain = paper_card(card.bases, "K562", card.hits)
    assert kinds(plain) == ["gc", "cpg", "complexity"]
    assert ledger_claims(plain) == []
    assert kinds(paper_card(card.bases, "K562", [])) == ["gc", "cpg", "complexity", "absence"]
    assert kinds(a_told_card("A" * 20, [], [], 0.1, 0.1)) == ["gc", "cpg", "complexity", "absence", "backdrop", "whole"]


@pytest.mark.parametrize(
    ("effect", "error", "word"),
    [
        (0.3, 0.1, "raising"),
        (-0.3, 0.1, "lowering"),
        (0.2, 0.1, "unclear"),
        (-0.2, 0.1, "unclear"),
        (0.0, 0.0, "unclear"),
    ],
)
def test_a_known_effect_counts_beyond_two_standard_errors(effect: float, error: float, word: str) -> None:
    assert known_effect(TfEffect(effect, error)) == word


def test_an_effect_that_nobody_measured_is_said_to_be_so() -> None:
    assert known_effect(None) == "not measured"


@pytest.mark.parametrize(
    ("composition", "words"),
    [
        (Composition(0.399, 0.24, 0.09), ["low", "depleted", "negligible"]),
        (Composition(0.4, 0.25, 0.1), ["medium", "intermediate", "partial"]),
        (Composition(0.599, 0.59, 0.39), ["medium", "intermediate", "partial"]),
        (Composition(0.6, 0.6, 0.4), ["high", "island-like", "large"]),
    ],
)
def test_a_class_begins_with_its_cut(composition: Composition, words: list[str]) -> None:
    card = replace(an_evidence_card(), composition=composition)
    assert [claim.values[-1][1] for claim in supported_claims(card)[:3]] == words


@given(cards())
def test_claims_are_steps_that_read_back(card: Card) -> None:
    for step in summed(supported_claims(card)):
        assert parse_step(render_step(step)) == step
    told = [site for site in card.sites if site.amount is not None]
    assert kinds(card).count("site") == len(told)
    assert kinds(card).count("whole") == kinds(card).count("backdrop") == 1


def test_every_name_of_the_library_reads_back_in_a_step() -> None:
    site = an_evidence_card().sites[0]
    for symbol, archetype in {(name.symbol, name.archetype) for name in matrix_names().values()}:
        (step,) = summed([site_claim(0, replace(site, tf=symbol, archetype=archetype), -0.3)])
        assert parse_step(render_step(step)) == step


def test_interplay_is_told_by_rising_number() -> None:
    card = an_evidence_card()
    ledger = CardLedger("towers", 0.0, 0.0, Interplay((1, 0), 0.25), 0.5, 2)
    assert next(claim for claim in ledger_claims(replace(card, ledger=ledger)) if claim.kind == "interplay").values == (
        ("number", "m1"), ("second", "m2"), ("amount", "adds +0.25"),
    )  # fmt: skip
