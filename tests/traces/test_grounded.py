from __future__ import annotations

from dataclasses import replace

import pytest
from card_helpers import CUTS, a_told_card, an_evidence_card, cards
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.build import paper_card
from cistrace.cards.card import Card
from cistrace.errors import TraceError
from cistrace.motifs.hit import MotifHit
from cistrace.traces.claims import supported_claims
from cistrace.traces.grounded import FEWEST_SITES, LEAST, level_of, write
from cistrace.traces.ledger import activity_of, added, summed
from cistrace.traces.templates import FEWEST_STEPS, MOST_STEPS, TERMS, WHOLE
from cistrace.traces.text import parse_trace, render_trace
from cistrace.traces.verify import verify

levels = st.none() | st.integers(0, 3)


@given(cards(), levels)
def test_grounded_traces_verify_and_carry_the_score(card: Card, level: int | None) -> None:
    trace = write(card, level)
    assert FEWEST_STEPS <= len(trace.steps) <= MOST_STEPS
    assert verify(trace, card).verified and verify(render_trace(trace), card).verified
    assert card.ledger is not None
    assert activity_of(trace.steps) == activity_of(parse_trace(render_trace(trace)).steps) == card.ledger.total
    assert trace.level == (card.ledger.level if level is None else level)


@given(cards(), levels)
def test_they_tell_backdrop_interplay_and_the_largest_sites(card: Card, level: int | None) -> None:
    trace = write(card, level)
    kinds = [step.kind for step in trace.steps]
    assert card.ledger is not None
    assert kinds.count("backdrop") == 1 and kinds.count("interplay") == (card.ledger.interplay is not None)
    assert kinds[-1] == WHOLE and kinds.count(WHOLE) == 1
    told = {step.get("number") for step in trace.steps if step.kind == "site"}
    amounts = {f"m{at}": abs(site.amount) for at, site in enumerate(card.sites, 1) if site.amount is not None}
    untold = [size for number, size in amounts.items() if number not in told]
    joined = {step.get(name) for step in trace.steps if step.kind == "interplay" for name in ("number", "second")}
    assert joined <= told  # no interplay of sites that are not told
    assert min((amounts[number or ""] for number in told - joined), default=9.99) >= max(untold, default=0.0)
    assert len(told) >= min(FEWEST_SITES, sum(size > 0 for size in amounts.values()))
    if len(trace.steps) < MOST_STEPS:  # there was room
        assert max(untold, default=0.0) < LEAST / 100


@given(cards())
def test_terms_come_by_size_or_by_what_speaks_for_the_level(card: Card) -> None:
    blind = [added(step) for step in write(card).steps if step.kind in TERMS]
    assert [abs(value) for value in blind] == sorted(map(abs, blind), reverse=True)
    for level in (0, 1):
        lowering = [added(step) for step in write(card, level).steps if step.kind in TERMS]
        assert lowering == sorted(blind)
    for level in (2, 3):
        assert [added(step) for step in write(card, level).steps if step.kind in TERMS] == sorted(blind, reverse=True)


@given(cards(), levels)
def test_they_say_nothing_twice_and_nothing_that_the_card_does_not_support(card: Card, level: int | None) -> None:
    steps = write(card, level).steps
    possible = [step.values for step in supported_claims(card)]
    bare = [tuple(item for item in step.values if item[0] not in ("running", "rest")) for step in steps]
    assert all(values in possible for values in bare)
    assert len(set(bare)) == len(bare)
    assert steps == summed(steps)


def kinds_of(card: Card) -> list[str]:
    return [step.kind for step in write(card).steps]


def test_a_card_of_no_site_and_one_of_one_have_traces() -> None:
    empty = a_told_card("ACGT" * 5, [], [], 0.3, 0.3)
    assert kinds_of(empty) == ["backdrop", "complexity", "absence", "gc", "whole"]
    found = [MotifHit("MA0028.3", "ELK1", frozenset(), 3, 12, "+", 9.0, 1e-6)]
    nothing = kinds_of(a_told_card("ACGT" * 5, found, [-0.004], 0.3, 0.3))
    assert nothing == ["backdrop", "complexity", "gc", "cpg", "whole"]  # a site of no worth is not told
    assert kinds_of(a_told_card("ACGT" * 5, found, [-0.02], 0.3, 0.3)) == [
        "backdrop",
        "site",
        "complexity",
        "gc",
        "whole",
    ]
    assert kinds_of(a_told_card("ACGT" * 5, found, [], 0.3, 0.4)) == ["backdrop", "complexity", "gc", "cpg", "whole"]


def test_a_tag_is_told_where_there_is_room() -> None:
    found = [MotifHit("MA0028.3", "ELK1", frozenset(), at, at + 9, "+", 9.0, 1e-6) for at in (0, 12, 24, 36, 48)]
    few = a_told_card("ACGT" * 20, found, [0.3, 0.2, 0.01, 0.02], 0.3, 0.9)
    assert kinds_of(few) == ["backdrop", "site", "site", "homotypic", "whole"]
    many = a_told_card("ACGT" * 20, found, [0.3, 0.2, 0.1, -0.1, 0.1], 0.3, 0.9)
    assert kinds_of(many).count("site") == 5 and "homotypic" not in kinds_of(many)


def test_a_card_without_evidence_cannot_be_reasoned_from() -> None:
    card = an_evidence_card()
    for plain in (replace(card, ledger=None), paper_card(card.bases, "K562", card.hits)):
        with pytest.raises(TraceError, match="found no ledger, expected a card built with --evidence"):
            write(plain)


@pytest.mark.parametrize(("activity", "level"), [(-1.0, 0), (-0.5, 1), (-0.1, 1), (0.0, 2), (0.7, 3), (5.0, 3)])
def test_a_cut_belongs_to_the_level_above(activity: float, level: int) -> None:
    assert level_of(activity, CUTS) == level
