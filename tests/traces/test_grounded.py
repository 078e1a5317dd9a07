from __future__ import annotations

from dataclasses import replace

import pytest
from card_helpers import CUTS, an_evidence_card, cards
from hypothesis import assume, given

from cistrace.cards.card import Card
from cistrace.errors import TraceError
from cistrace.traces.grounded import level_of, write
from cistrace.traces.verify import verify


@given(cards())
def test_grounded_traces_verify(card: Card) -> None:
    trace = write(card, CUTS)
    assert 5 <= len(trace.steps) <= 7
    assert len({step.kind for step in trace.steps}) >= 3
    assert verify(trace, card).verified


@given(cards())
def test_grounded_traces_cite_the_strongest(card: Card) -> None:
    assume(any(hit.contribution for hit in card.hits))
    cited = [step.get("motif") for step in write(card, CUTS).steps if step.kind == "motif"]
    sizes = {f"m{i + 1}": abs(hit.contribution or 0) for i, hit in enumerate(card.hits)}
    left_out = [size for motif, size in sizes.items() if motif not in cited]
    assert min(sizes[motif] for motif in cited if motif) >= max(left_out, default=0.0)


def test_a_card_without_evidence_cannot_be_reasoned_from() -> None:
    with pytest.raises(TraceError, match="evidence"):
        write(replace(an_evidence_card(), evidence=None), CUTS)


@pytest.mark.parametrize(("activity", "level"), [(-1.0, 0), (-0.5, 1), (-0.1, 1), (0.0, 2), (0.7, 3), (5.0, 3)])
def test_a_cut_belongs_to_the_level_above(activity: float, level: int) -> None:
    assert level_of(activity, CUTS) == level
