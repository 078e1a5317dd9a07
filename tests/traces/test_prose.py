from __future__ import annotations

from dataclasses import replace

import pytest
from card_helpers import a_told_card, cards
from hypothesis import given, settings

from cistrace.cards.backdrop import CompositionLine
from cistrace.cards.build import paper_card
from cistrace.cards.card import Card, TfEffect
from cistrace.motifs.hit import MotifHit
from cistrace.traces.claims import supported_claims
from cistrace.traces.ledger import summed
from cistrace.traces.prose import prose_findings
from cistrace.traces.text import render_step

BASES = "GGGCGGACTTCCGGTTTATTGACTCAGCATTAGC" * 2


@pytest.fixture
def card() -> Card:
    hits = [
        MotifHit("MA0079.5", "SP1", frozenset({"Three-zinc finger Kruppel-related"}), 0, 9, "+", 12.25, 1e-6),
        MotifHit("MA0741.1", "KLF16", frozenset({"Three-zinc finger Kruppel-related"}), 1, 9, "+", 9.25, 1e-5),
        MotifHit("MA0028.3", "ELK1", frozenset({"Ets-related"}), 8, 17, "-", 10.5, 2e-6),
        MotifHit("MA0099.4", "FOS::JUN", frozenset({"Fos-related", "Jun-related"}), 20, 28, "+", 9.75, 3e-6),
    ]
    line = CompositionLine(0.3, 0.0, 0.0)
    return a_told_card(BASES, hits, [0.51, -0.02, 0.0], 0.45, 0.83, {"SP1": TfEffect(0.2, 0.02)}, line, 0.2)


TRUE = [
    "The SP1 site at 1-9 (+) recruits the transcription machinery and drives expression in K562 cells.",
    "m2 (ELK1, score 10.50) on the minus strand lowers activity by -0.12.",
    "JUN with FOS forms AP-1 at 21-28 and is neutral here.",
    "GC content of 0.529 is moderate.",
    "A GC content of 52.9% is moderate.",
    "A GC content of 53% is moderate.",
    "ETS factors lie at position 12.",
    "An ETS family site sits beside a KLF family site.",
    "The total is +0.83 with SP1 (known effect +0.200) leading.",
    "KLF16 fits there too, and both add +0.41, with 12 bits.",
    "Composition gives +0.30 and the other bases +0.15, together +0.45.",
    "SP1 and ELK1 are worth +0.20 more together; what is left is -0.11.",
]
FALSE = [
    ("GATA1 opens the chromatin at 1-9.", "tf GATA1"),
    ("SP1 at 3-11 raises activity.", "place 3-11"),
    ("ELK1 at 1-9 raises activity.", "place 1-9"),
    ("ELK1 lies at 1-9.", "place 1-9"),
    ("m4 raises activity.", "motif m4, the card has 3 motifs"),
    ("SP1 on the minus strand raises activity.", "strand -"),
    ("SP1 with a score of 14.2 raises activity.", "score 14.2"),
    ("GC content 0.61 is high.", "gc 0.61, the card has 0.529"),
    ("GC content is 52%.", "gc 52%, the card has 0.529"),
    ("A C4-GATA-related factor binds.", "family C4-GATA-related"),
    ("A homeobox family factor binds.", "family homeobox"),
    ("SP1 raises activity by +0.93.", "figure +0.93"),
    ("A motif at position 60 matters.", "place 60"),
    ("The site costs −0.93.", "figure −0.93"),
    ("ELK1 is worth +0.41.", "figure +0.41"),
    ("KLF4 binds there.", "tf KLF4"),
    ("A SOX site lies at 1-9.", "family SOX"),
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
    """Each with sums as if it stood alone: prose is not asked what was added before. Groups of pairs are no
    archetypes."""
    for step in supported_claims(card):
        if step.kind != "pair":
            assert reasons(render_step(summed([step])[0]), card) == []


def test_a_card_without_evidence_holds_no_signed_figure(card: Card) -> None:
    plain = paper_card(card.bases, card.cell_type, card.hits)
    assert reasons("SP1 at 1-9 raises activity.", plain) == []
    assert reasons("A Three-zinc finger Kruppel-related factor at 1-9.", plain) == []
    assert reasons("SP1 at 1-9 raises activity by +0.41.", plain) == ["figure +0.41, the card has no such figure"]


def test_numbers_name_sites_of_a_card_with_a_ledger_and_hits_of_one_without(card: Card) -> None:
    plain = paper_card(card.bases, card.cell_type, card.hits)
    assert [hit.name for hit in plain.hits] == ["SP1", "ELK1", "FOS::JUN"]
    assert [site.tf for site in card.sites] == ["SP1", "ELK1", "FOS::JUN"]
    turned = replace(card, sites=card.sites[::-1])
    assert reasons("m1 lies at 21-28.", turned) == [] == reasons("m1 lies at 1-9.", plain)
    assert reasons("m1 lies at 1-9.", turned) == ["place 1-9, the card has no motif named there"]


def test_a_site_among_the_rest_has_no_figure(card: Card) -> None:
    untold = replace(card, sites=tuple(replace(site, amount=None, effect=None) for site in card.sites))
    assert reasons("SP1 at 1-9 counts.", untold) == []
    assert reasons("SP1 adds +0.41.", untold) == ["figure +0.41, the card has no such figure"]
