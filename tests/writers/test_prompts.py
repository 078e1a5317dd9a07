from __future__ import annotations

from card_helpers import cards
from hypothesis import given

from cistrace.cards.card import Card
from cistrace.traces.grounded import write
from cistrace.traces.templates import THINK_BEGIN
from cistrace.traces.text import render_step
from cistrace.writers.prompts import LISTED_HITS, domain_prompt

CUTS = (-0.5, 0.0, 0.7)


@given(cards())
def test_all_that_a_grounded_trace_claims_can_be_read(card: Card) -> None:
    lines = domain_prompt(card).text.splitlines()
    assert all(render_step(step) in lines for step in write(card, CUTS).steps)


@given(cards())
def test_the_strongest_stand_last_before_the_estimate(card: Card) -> None:
    lines = domain_prompt(card).own.splitlines()
    assert lines[0] == "in K562" and lines[-1] == THINK_BEGIN and " estimated at " in lines[-2]
    assert len(lines) - 3 == min(len(card.hits), LISTED_HITS)
    sizes = [abs(float(line.split(" activity by ")[1].split(";")[0])) for line in lines[1:-2]]
    assert sizes == sorted(sizes)
