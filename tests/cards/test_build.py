from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from card_helpers import hit

from cistrace.cards.build import build_card, make_card, paper_card
from cistrace.cards.card import TfEffect
from cistrace.cards.evidence import SequenceEvidence
from cistrace.cards.known_effects import KnownEffects
from cistrace.errors import CardError

BASES = "ACGT" * 10
HITS = (hit("A", 0, 8, 9.0, "F"), hit("B", 9, 17, 8.0, "G"))
SAID = SequenceEvidence(np.array([9, 1.234], np.float32), np.array([[9, 0.5], [9, -0.25]], np.float32))
KNOWN = KnownEffects({"K562": {"A": TfEffect(0.3, 0.1)}, "HepG2": {"B": TfEffect(0.4, 0.1)}})


def test_evidence_sums_what_the_card_states() -> None:
    found = [
        replace(hit("A", 0, 8, 9.0, "F"), contribution=0.204),
        replace(hit("B", 9, 17, 8.0, "G"), contribution=-0.1),
    ]
    card = build_card("ACGT" * 10, "K562", found, {"A": TfEffect(0.12345, 0.04321)}, 1.23456)
    assert card.evidence is not None
    assert (card.evidence.raising, card.evidence.lowering, card.evidence.estimate) == (0.2, -0.1, 1.23)
    assert card.effects == (TfEffect(0.123, 0.043), None)


def test_a_card_holds_the_evidence_of_its_own_cell_type() -> None:
    card = make_card(BASES, "K562", HITS, SAID, 1, KNOWN, "associations")
    evident = [replace(one, contribution=value) for one, value in zip(HITS, (0.5, -0.25))]
    assert card == build_card(BASES, "K562", evident, KNOWN.of("K562"), 1.234, "associations")
    assert card.evidence is not None and card.evidence.source == "associations"
    assert card.effects == (TfEffect(0.3, 0.1), None)


def test_towers_speak_unless_another_is_named() -> None:
    card = make_card(BASES, "K562", HITS, SAID, 1, KNOWN)
    assert card.evidence is not None and card.evidence.source == "towers"


@pytest.mark.parametrize(("evidence", "known"), [(None, KNOWN), (SAID, None), (None, None)])
def test_without_evidence_a_card_is_the_papers(evidence: SequenceEvidence | None, known: KnownEffects | None) -> None:
    assert make_card(BASES, "K562", HITS, evidence, 1, known) == paper_card(BASES, "K562", HITS)


def test_contributions_of_other_hits_are_refused() -> None:
    with pytest.raises(CardError, match="found 2 contributions, expected 1"):
        make_card(BASES, "K562", HITS[:1], SAID, 1, KNOWN)
