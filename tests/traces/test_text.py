from __future__ import annotations

from dataclasses import replace

import pytest
from card_helpers import cards
from hypothesis import assume, given

from cistrace.cards.build import build_card
from cistrace.cards.card import Card, TfEffect
from cistrace.errors import TraceError
from cistrace.motifs.hit import MotifHit
from cistrace.traces.claims import supported_claims
from cistrace.traces.grounded import level_of, write
from cistrace.traces.text import parse_trace, render_trace
from cistrace.traces.trace import Claim, Trace
from cistrace.traces.verify import verify

CUTS = (-0.5, 0.0, 0.7)


def example_card() -> Card:
    hits = [
        MotifHit("MA0028.3", "ELK1", frozenset({"Ets-related"}), 10, 20, "+", 14.2, 1e-6, 0.41),
        MotifHit("MA0148.5", "FOXA1", frozenset({"FOX"}), 40, 52, "-", 12.0, 2e-6, -0.20),
    ]
    return build_card("ACGTTGCATC" * 20, "K562", hits, {"ELK1": TfEffect(0.3, 0.05)}, 0.53)


@given(cards())
def test_grounded_traces_verify_and_parse_back(card: Card) -> None:
    trace = write(card, CUTS)
    assert 5 <= len(trace.steps) <= 7
    assert len({step.kind for step in trace.steps}) >= 3 or len(card.hits) == 0
    assert len(set(trace.steps)) == len(trace.steps)
    assert parse_trace(render_trace(trace)) == trace
    assert verify(trace, card).verified


@given(cards())
def test_grounded_traces_cite_the_strongest(card: Card) -> None:
    assume(any(hit.contribution for hit in card.hits))
    cited = [step.get("motif") for step in write(card, CUTS).steps if step.kind == "motif"]
    sizes = {f"m{i + 1}": abs(hit.contribution or 0) for i, hit in enumerate(card.hits)}
    left_out = [size for motif, size in sizes.items() if motif not in cited]
    assert min(sizes[motif] for motif in cited if motif) >= max(left_out, default=0.0)


def test_a_trace_reads_as_a_person_expects() -> None:
    lines = render_trace(write(example_card(), CUTS)).splitlines()
    assert lines[0].startswith("1. GC content 0.500 is medium")
    assert (
        "m1 ELK1 of Ets-related at 11-20 (+) with 14 bits raises activity by +0.41; known effect raising"
        in render_trace(write(example_card(), CUTS))
    )
    assert lines[-1] == "</think>Level: 2"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tf", "SP1"), ("family", "FOX"), ("start", "12"), ("end", "21"), ("strand", "-"), ("bits", "15"),
        ("direction", "lowers"), ("contribution", "+0.42"), ("known", "lowering"), ("motif", "m2"),
    ],
)  # fmt: skip
def test_every_altered_field_of_a_motif_step_is_caught(field: str, value: str) -> None:
    card = example_card()
    claim = next(claim for claim in supported_claims(card) if claim.kind == "motif")
    assert verify(Trace((claim,), 0), card).verified
    altered = Claim("motif", tuple((name, value if name == field else old) for name, old in claim.values))
    found = verify(Trace((altered,), 0), card)
    assert not found.verified
    assert field == "motif" or [f.field for f in found.findings if not f.supported] == [field]


@pytest.mark.parametrize("kind", ["gc", "cpg", "complexity", "estimate"])
def test_altered_figures_of_other_kinds_are_caught(kind: str) -> None:
    card = example_card()
    claim = next(claim for claim in supported_claims(card) if claim.kind == kind)
    name, value = claim.values[0]
    digit = "1" if value[-1] != "1" else "2"
    altered = Claim(kind, ((name, value[:-1] + digit), *claim.values[1:]))
    found = verify(Trace((altered,), 0), card)
    assert [f.field for f in found.findings if not f.supported] == [name]


def test_what_is_not_on_the_card_is_unsupported() -> None:
    card = example_card()
    for claim in (Claim("absence", ()), Claim("pair", (("families", "A + B"), ("motifs", "m1 m2"), ("distance", "3")))):
        found = verify(Trace((claim,), 0), card)
        assert (found.claims, found.supported) == (1, 0)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "</think>"),
        ("1. GC content 0.500 is medium\n", "</think>"),
        ("2. GC content 0.500 is medium\n</think>", "step '1"),
        ("1. the moon is full\n</think>", "expected one of the claims"),
        ("1. GC content 0.500 is medium\n</think>Level: 1", "1 steps"),
    ],
)
def test_text_that_is_no_trace_is_refused(text: str, word: str) -> None:
    with pytest.raises(TraceError, match=word.replace("(", r"\(")):
        parse_trace(text)


def test_levels_outside_their_range_are_refused() -> None:
    text = render_trace(write(example_card(), CUTS))
    with pytest.raises(TraceError, match="Level"):
        parse_trace(text.replace("Level: 2", "Level: 4"))


def test_a_card_without_evidence_cannot_be_reasoned_from() -> None:
    with pytest.raises(TraceError, match="evidence"):
        write(replace(example_card(), evidence=None), CUTS)


@pytest.mark.parametrize(("activity", "level"), [(-1.0, 0), (-0.5, 1), (-0.1, 1), (0.0, 2), (0.7, 3), (5.0, 3)])
def test_a_cut_belongs_to_the_level_above(activity: float, level: int) -> None:
    assert level_of(activity, CUTS) == level
