from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from card_helpers import an_evidence_card, cards
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.card import Card
from cistrace.traces.claims import claim, ledger_claims, supported_claims
from cistrace.traces.ledger import activity_of, added, amount, hundredths, read_hundredths, signed, summed
from cistrace.traces.templates import ADDENDS, STEPS, WHOLE
from cistrace.traces.trace import PROSE, Claim

FIGURES = st.integers(-9999, 9999)


@st.composite
def terms(draw: st.DrawFn) -> tuple[list[Claim], int]:
    """Steps of any order with amounts of any size, and what they add up to, hundredths."""
    steps, total = [], 0
    for kind in draw(st.lists(st.sampled_from(["backdrop", "site", "interplay", "gc", PROSE]), max_size=7)):
        first, second = draw(st.tuples(st.integers(-999, 999), st.integers(-999, 999)))
        if kind == "backdrop":
            steps.append(claim("backdrop", composition=signed(first), bases=signed(second)))
            total += first + second
        elif kind in ADDENDS:
            steps.append(claim(kind, amount=amount(first)))
            total += first
        else:
            steps.append(claim(kind, text=signed(first)))
    return steps, total


def test_every_figure_of_a_card_is_whole_hundredths() -> None:
    for value in range(-2000, 2001):
        assert hundredths(value / 100) == value
        assert Decimal(signed(value)) == Decimal(value) / 100


@given(FIGURES)
def test_figures_are_of_one_form_and_read_back(value: int) -> None:
    assert re.fullmatch(r"[+-]\d{1,2}\.\d\d", signed(value))
    assert re.fullmatch(r"adds \+\d{1,2}\.\d\d|costs -\d{1,2}\.\d\d", amount(value))
    assert read_hundredths(signed(value)) == read_hundredths(amount(value)) == value


def test_nothing_is_added_and_never_costs() -> None:
    assert amount(0) == "adds +0.00"
    assert (hundredths(-0.0), hundredths(-0.004), signed(hundredths(-0.0))) == (0, 0, "+0.00")


@pytest.mark.parametrize(("text", "value"), [("costs +0.20", 20), ("adds -12.34", -1234), ("-0.00", 0), ("+9.99", 999)])
def test_a_sign_counts_and_its_verb_does_not(text: str, value: int) -> None:
    assert read_hundredths(text) == value


@given(terms(), FIGURES)
def test_running_totals_and_the_rest_follow_from_the_amounts(told: tuple[list[Claim], int], total: int) -> None:
    steps, expected = told
    found = summed([*steps, claim(WHOLE, total=signed(total))])
    running = 0
    for step, before in zip(found[:-1], steps, strict=True):
        if step.kind not in ADDENDS:
            assert step == before
            continue
        running += sum(read_hundredths(step.get(name) or "") for name in ADDENDS[step.kind])
        assert step.get("running") == signed(running)
        assert {name: value for name, value in step.values if name != "running"} == dict(before.values)
    assert running == expected
    assert found[-1].values == (("total", signed(total)), ("rest", amount(total - expected)))


@given(terms(), FIGURES)
def test_the_score_is_the_total_whatever_is_told(told: tuple[list[Claim], int], total: int) -> None:
    steps, expected = told
    assert activity_of(summed([*steps, claim(WHOLE, total=signed(total))])) == total / 100
    assert activity_of(steps) == activity_of(summed(steps)) == expected / 100


@given(terms(), FIGURES)
def test_sums_worked_out_again_are_the_same(told: tuple[list[Claim], int], total: int) -> None:
    once = summed([*told[0], claim(WHOLE, total=signed(total))])
    assert summed(once) == once
    wrong = [Claim(step.kind, tuple((name, _other(name, value)) for name, value in step.values)) for step in once]
    assert summed(wrong) == once


def _other(name: str, value: str) -> str:
    return {"running": "+77.77", "rest": "adds +77.77"}.get(name, value)


@given(cards(), st.data())
def test_a_deleted_step_moves_the_score_by_its_amount_and_a_turned_one_by_twice_it(
    card: Card, data: st.DataObject
) -> None:
    steps = summed(supported_claims(card))
    at = data.draw(st.integers(0, len(steps) - 1))
    without = steps[:at] + steps[at + 1 :]
    score = hundredths(activity_of(steps))
    assert score - hundredths(activity_of(without)) == added(steps[at])
    if steps[at].kind == "site":
        turned = Claim(
            "site", tuple((n, amount(-added(steps[at])) if n == "amount" else v) for n, v in steps[at].values)
        )
        again = (*steps[:at], turned, *steps[at + 1 :])
        assert score - hundredths(activity_of(again)) == 2 * added(steps[at])


@given(cards())
def test_the_terms_of_a_card_are_whole_steps_once_summed(card: Card) -> None:
    for step in summed(ledger_claims(card)):
        assert tuple(name for name, _ in step.values) == STEPS[step.kind].fields
    assert card.ledger is not None
    assert activity_of(summed(ledger_claims(card))) == card.ledger.total


@given(cards())
def test_the_rest_of_a_trace_that_tells_all_is_the_cards(card: Card) -> None:
    assert summed(ledger_claims(card))[-1].get("rest") == amount(hundredths(card.rest))


def test_a_trace_tells_what_the_sum_has_come_to() -> None:
    backdrop, elk, foxa, whole = summed(ledger_claims(an_evidence_card()))
    assert [step.get("running") for step in (backdrop, elk, foxa)] == ["+0.25", "+0.66", "+0.46"]
    assert (whole.get("rest"), whole.get("total")) == ("adds +0.07", "+0.53")


def test_sums_beyond_what_one_term_can_be_are_stated_too() -> None:
    card = an_evidence_card()
    assert card.ledger is not None
    sites = tuple(replace(site, amount=9.99) for site in card.sites)
    ledger = replace(card.ledger, composition=9.99, bases=9.99, total=-9.99)
    steps = summed(ledger_claims(replace(card, sites=sites, ledger=ledger)))
    assert [step.get("running") for step in steps[:-1]] == ["+19.98", "+29.97", "+39.96"]
    assert steps[-1].get("rest") == "costs -49.95"
    assert activity_of(steps) == -9.99
