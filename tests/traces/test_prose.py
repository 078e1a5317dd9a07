from __future__ import annotations

import pytest
from card_helpers import cards
from hypothesis import given, settings

from cistrace.cards.build import build_card, paper_card
from cistrace.cards.card import Card, TfEffect
from cistrace.motifs.hit import MotifHit
from cistrace.traces.claims import supported_claims
from cistrace.traces.prose import prose_findings
from cistrace.traces.text import render_step

BASES = "GGGCGGACTTCCGGTTTATTGACTCAGCATTAGC" * 2


@pytest.fixture
def card() -> Card:
    hits = [
        MotifHit("MA0079.5", "SP1", frozenset({"Three-zinc finger Kruppel-related"}), 0, 9, "+", 12.25, 1e-6, 0.41),
        MotifHit("MA0028.3", "ELK1", frozenset({"Ets-related"}), 8, 17, "-", 10.5, 2e-6, -0.12),
        MotifHit("MA0099.4", "FOS::JUN", frozenset({"Fos-related", "Jun-related"}), 20, 28, "+", 9.75, 3e-6, 0.0),
    ]
    return build_card(BASES, "K562", hits, {"SP1": TfEffect(0.2, 0.02)}, 0.83)


TRUE = [
    "The SP1 site at 1-9 (+) recruits the transcription machinery and drives expression in K562 cells.",
    "m2 (ELK1, score 10.50) on the minus strand lowers activity by -0.12.",
    "JUN with FOS forms AP-1 at 21-28 and is neutral here.",
    "GC content of 0.529 is moderate.",
    "A GC content of 52.9% is moderate.",
    "A GC content of 53% is moderate.",
    "Ets-related factors lie at position 12.",
    "An ETS family site sits beside a Kruppel family site.",
    "The first estimate is +0.83 with SP1 (known effect +0.200) leading.",
    "The three motifs raise it by +0.4 in sum.",
]
FALSE = [
    ("GATA1 opens the chromatin at 1-9.", "tf GATA1"),
    ("SP1 at 3-11 raises activity.", "place 3-11"),
    ("ELK1 at 1-9 raises activity.", "place 1-9"),
    ("m4 raises activity.", "motif m4, the card has 3 motifs"),
    ("SP1 on the minus strand raises activity.", "strand -"),
    ("SP1 with a score of 14.2 raises activity.", "score 14.2"),
    ("GC content 0.61 is high.", "gc 0.61, the card has 0.529"),
    ("GC content is 52%.", "gc 52%, the card has 0.529"),
    ("A C4-GATA-related factor binds.", "family C4-GATA-related"),
    ("A homeobox family factor binds.", "family homeobox"),
    ("SP1 raises activity by +0.93.", "figure +0.93"),
    ("A motif at position 60 matters.", "place 60"),
    ("So it is a strong enhancer.", "'So it is a strong enhancer.': names nothing on the card"),
    ("EP300 and MED1 are recruited by SP1.", "tf EP300"),
]


def reasons(text: str, card: Card) -> list[str]:
    return [finding.reason for finding in prose_findings(1, text, card)]


@pytest.mark.parametrize("text", TRUE)
def test_true_sentences_pass(text: str, card: Card) -> None:
    assert reasons(text, card) == []


@pytest.mark.parametrize(("text", "fault"), FALSE)
def test_what_the_card_does_not_hold_is_named(text: str, fault: str, card: Card) -> None:
    assert any(reason.startswith(fault) for reason in reasons(text, card))


@settings(max_examples=60, deadline=None)
@given(cards())
def test_every_supported_claim_passes_as_prose(card: Card) -> None:
    for claim in supported_claims(card):
        assert reasons(render_step(claim), card) == []


def test_a_card_without_evidence_holds_no_signed_figure(card: Card) -> None:
    plain = paper_card(card.bases, card.cell_type, card.hits)
    assert reasons("SP1 at 1-9 raises activity.", plain) == []
    assert reasons("SP1 at 1-9 raises activity by +0.41.", plain) == ["figure +0.41, the card has no such figure"]


def test_sums_beyond_what_a_trace_can_state_pass_as_stated() -> None:
    hits = [MotifHit("MA0001.1", name, frozenset(), 0, 5, "+", 5.0, 1e-6, 3.0) for name in ("A1", "B1", "C1", "D1")]
    card = build_card("A" * 20, "K562", hits, {}, 0.0)
    assert card.evidence is not None and card.evidence.raising == 9.99
    assert all(reasons(render_step(claim), card) == [] for claim in supported_claims(card))
    assert reasons("The motifs together raise the activity by +9.8.", card)
