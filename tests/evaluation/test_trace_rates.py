from __future__ import annotations

from dataclasses import replace

import pytest
from card_helpers import an_evidence_card, cards
from hypothesis import given, settings
from hypothesis import strategies as st

from cistrace.cards.card import Card
from cistrace.evaluation.trace_rates import STRONGEST, cited_share, trace_rates
from cistrace.traces.claims import ledger_claims
from cistrace.traces.grounded import write
from cistrace.traces.ledger import summed
from cistrace.traces.text import render_trace
from cistrace.traces.trace import Trace


@settings(max_examples=30)
@given(st.lists(cards(), min_size=1, max_size=3))
def test_grounded_traces_are_verified_wholly(found: list[Card]) -> None:
    rates = trace_rates([(render_trace(write(card)), card) for card in found])
    assert (rates.traces, rates.parsed, rates.verified) == (len(found), 1, 1)
    assert rates.claims_verified == rates.fields_verified == rates.varied == rates.unrepeated == 1
    assert 0 <= rates.cited <= 1 + 1e-9


def test_rates_are_shares_of_what_they_are_of() -> None:
    card = an_evidence_card()
    text = render_trace(write(card))
    one_amount = text.replace("adds +0.41:", "adds +0.42:")
    torn = text.partition("</think>")[0]
    rates = trace_rates([(text, card), (one_amount, card), (torn, card), ("", card)])
    assert (rates.traces, rates.parsed, rates.verified) == (4, 0.5, 0.25)
    # Of the second trace the amount is wrong and, with it, what the sums should have come to.
    assert rates.claims_verified == 6 / 10
    fields = sum(len(step.values) for step in write(card).steps)
    assert rates.fields_verified == pytest.approx(1 - 5 / (2 * fields))
    assert (rates.varied, rates.unrepeated) == (0.5, 0.5)


def test_nothing_written_has_no_rates() -> None:
    rates = trace_rates([])
    assert (rates.traces, rates.parsed, rates.verified, rates.cited) == (0, 0, 0, 0)


@pytest.mark.parametrize(("told", "share"), [([1, 2], 1.0), ([1], 0.41 / 0.61), ([2], 0.2 / 0.61), ([], 0.0)])
def test_the_share_cited_is_of_absolute_amounts(told: list[int], share: float) -> None:
    card = an_evidence_card()
    claims = ledger_claims(card)
    trace = Trace(summed([claims[0], *(claims[at] for at in told), claims[-1]]), 0)
    assert cited_share(trace, card) == pytest.approx(share)


def test_a_card_of_no_amounts_has_no_share() -> None:
    card = an_evidence_card()
    for amount in (0.0, None):
        sites = tuple(replace(site, amount=amount) for site in card.sites)
        assert cited_share(write(card), replace(card, sites=sites)) is None


@given(cards())
def test_the_share_counts_the_largest_alone(card: Card) -> None:
    sizes = sorted((abs(site.amount or 0.0) for site in card.sites), reverse=True)[:STRONGEST]
    every = cited_share(Trace(summed(ledger_claims(card)), 0), card)
    assert every == (pytest.approx(1.0) if sum(sizes) else None)
