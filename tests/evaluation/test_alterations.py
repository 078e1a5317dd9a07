from __future__ import annotations

from pathlib import Path

import pytest
from card_helpers import an_evidence_card
from hypothesis import given
from hypothesis import strategies as st

from cistrace.evaluation.alterations import Alteration, altered, largest_site, turned, without
from cistrace.io.sequences import read_sequences
from cistrace.predict import Predictor
from cistrace.traces.claims import claim
from cistrace.traces.grounded import write
from cistrace.traces.ledger import activity_of, added, amount, hundredths, summed
from cistrace.traces.text import read_trace, render_trace
from cistrace.traces.trace import PROSE, Claim, Trace
from cistrace.traces.verify import verify

EXAMPLES = Path(__file__).parents[2] / "examples" / "enhancers.fa"


def site(number: int, worth: int) -> Claim:
    return claim(
        "site",
        number=f"m{number}", tf="SP1", archetype="SP/KLF", start=str(10 * number), end=str(10 * number + 8),
        strand="+", bits="9", amount=amount(worth), known="unclear",
    )  # fmt: skip


def trace_of(worths: list[int]) -> Trace:
    backdrop = claim("backdrop", gc="0.500", cpg="0.25", composition="-0.10", bases="+0.05")
    told = [site(number + 1, worth) for number, worth in enumerate(worths)]
    return Trace(summed([backdrop, *told, claim("whole", total="+0.40")]), 2)


@given(st.lists(st.integers(-300, 300), min_size=3, max_size=5))
def test_the_largest_site_is_deleted_or_turned_and_all_else_stays(worths: list[int]) -> None:
    trace = trace_of(worths)
    at = largest_site(trace)
    assert at is not None and abs(added(trace.steps[at])) == max(map(abs, worths))
    assert without(trace, at).steps == tuple(step for place, step in enumerate(trace.steps) if place != at)
    assert turned(turned(trace, at), at) == trace
    assert (turned(trace, at) != trace) == (added(trace.steps[at]) != 0)
    changed = [place for place, pair in enumerate(zip(turned(trace, at).steps, trace.steps)) if pair[0] != pair[1]]
    assert changed in ([], [at])


@given(st.lists(st.integers(-300, 300), min_size=3, max_size=5))
def test_the_score_moves_by_the_amount_or_by_twice_it(worths: list[int]) -> None:
    trace = trace_of(worths)
    score, largest = hundredths(activity_of(trace.steps)), worths[(largest_site(trace) or 0) - 1]
    assert score == 40
    for alter, times in ((without, 1), (turned, 2)):
        text = altered(render_trace(trace), alter)
        assert text is not None
        assert score - hundredths(activity_of(read_trace(text).trace.steps)) == times * largest


def test_deleting_a_step_numbers_the_rest_anew() -> None:
    text = altered(render_trace(trace_of([10, -30, 20])), without)
    assert text is not None
    assert [line.split()[0] for line in text.splitlines()] == ["1.", "2.", "3.", "4.", "</think>Level:"]
    assert "costs -0.30" not in text and "now +0.05" in text


@pytest.mark.parametrize("alter", [without, turned])
def test_what_was_altered_is_not_verified(alter: Alteration) -> None:
    card = an_evidence_card()
    text = altered(render_trace(write(card)), alter)
    assert text is not None and not verify(read_trace(text).trace, card).verified


def test_a_trace_without_sites_is_not_altered() -> None:
    assert altered("no trace", without) is None
    assert largest_site(Trace((Claim("absence", ()),), 0)) is None
    steps = tuple(Claim(PROSE, (("text", f"SP1 adds +0.{number}0"),)) for number in range(5))
    assert altered(render_trace(Trace(steps, 1)), without) is None


@pytest.mark.pipeline
def test_the_shipped_models_activity_moves_as_its_trace_is_altered() -> None:
    records = list(read_sequences(EXAMPLES))[:2]
    predictions = Predictor(threads=1).predict(records)
    told = 0
    for found in predictions:
        assert found.trace is not None and found.trace_text is not None and found.card is not None
        assert found.activity == pytest.approx(activity_of(found.trace.steps), abs=1e-9)
        at = largest_site(found.trace)
        if at is None:
            continue
        told += 1
        worth = added(found.trace.steps[at])
        for alter, times in ((without, 1), (turned, 2)):
            text = altered(found.trace_text, alter)
            assert text is not None
            assert hundredths(found.activity) - hundredths(activity_of(read_trace(text).trace.steps)) == times * worth
            assert verify(text, found.card).verified == (worth == 0 and alter is turned)
    assert told >= len(predictions) / 2
