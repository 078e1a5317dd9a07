from __future__ import annotations

import pytest
from card_helpers import an_evidence_card, cards
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.card import Card
from cistrace.errors import TraceError
from cistrace.traces.claims import supported_claims
from cistrace.traces.grounded import write
from cistrace.traces.ledger import summed
from cistrace.traces.templates import LEVEL_LINE, THINK_END
from cistrace.traces.text import parse_step, parse_trace, read_trace, reasoning_of, render_step, render_trace
from cistrace.traces.trace import PROSE, Claim, Trace

STEP = "GC content 0.500 is medium"

# One line without blanks at its ends, as a numbered line holds it.
lines = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1).map(str.strip).filter(bool)


def a_text(*steps: str, level: str = "1") -> str:
    return "".join(f"{n}. {step}\n" for n, step in enumerate(steps, 1)) + f"{THINK_END}{LEVEL_LINE}{level}"


@given(cards())
def test_traces_parse_back(card: Card) -> None:
    trace = write(card)
    assert parse_trace(render_trace(trace)) == trace
    assert all(parse_step(render_step(claim)) == claim for claim in summed(supported_claims(card)))


@given(st.lists(lines.filter(lambda line: THINK_END not in line), min_size=5, max_size=7), st.integers(0, 3))
def test_prose_parses_back(steps: list[str], level: int) -> None:
    trace = parse_trace(a_text(*steps, level=str(level)))
    assert [render_step(step) for step in trace.steps] == steps
    assert trace.level == level
    assert parse_trace(render_trace(trace)) == trace


def test_a_trace_reads_as_a_person_expects() -> None:
    assert render_trace(write(an_evidence_card())) == (
        "1. m1: ELK1 site (ETS) at 11-20 (+), 14 bits, adds +0.41: now +0.41; known effect raising\n"
        "2. GC 0.500 and CpG 1.67 alone give -0.05, the bases between sites +0.30: now +0.66\n"
        "3. m2: FOXA1 site (FOX) at 41-52 (-), 12 bits, costs -0.20: now +0.46; known effect not measured\n"
        "4. low-complexity share 0.00 is negligible\n"
        "5. the whole comes to +0.53: what is not told above adds +0.07\n"
        "</think>Level: 2"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("adds +0.41", "adds 0.41"), ("adds +0.41", "adds +0.4"), ("adds +0.41", "gives +0.41"),
        ("14 bits", "14.2 bits"), ("(+)", "(plus)"), ("11-20", "11 to 20"), ("now +0.41", "now +123.41"),
        ("; known effect raising", ""),
        ("1. m1:", "1. the m1:"),
    ],
)  # fmt: skip
def test_other_words_than_a_templates_are_prose_or_another_name(old: str, new: str) -> None:
    text = render_trace(write(an_evidence_card()))
    assert old in text
    step = parse_trace(text.replace(old, new, 1)).steps[0]
    assert step.kind == PROSE or step.get("tf") == "the ELK1"


def test_an_amount_reads_back_with_a_verb_that_contradicts_its_sign() -> None:
    """So that verification, not the form, says what is wrong."""
    step = render_step(write(an_evidence_card()).steps[0]).replace("adds +0.41", "costs +0.41")
    assert parse_step(step).get("amount") == "costs +0.41"


@pytest.mark.parametrize("figure", ["+0.00", "-0.00", "+12.34", "-99.99"])
def test_figures_of_two_digits_before_the_point_read_back(figure: str) -> None:
    step = parse_step(f"the whole comes to {figure}: what is not told above adds {figure}")
    assert step == Claim("whole", (("total", figure), ("rest", f"adds {figure}")))


def test_looser_forms_are_the_same_trace() -> None:
    text = a_text(STEP, "one", "two", "three", "four")
    loose = "<think>\n" + text.replace("\n", "\n\n").replace("1. ", " 1) ", 1).replace("Level: 1", "\nLevel:1\n")
    assert parse_trace(loose) == parse_trace(text)
    assert parse_trace(text).steps[0].kind == "gc"
    assert parse_trace(text).steps[1] == Claim(PROSE, (("text", "one"),))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["no </think>", "0 steps, expected 5-7"]),
        ("1. a\n", ["no </think>", "1 steps"]),
        (a_text("a", "b", "c", "d"), ["4 steps, expected 5-7"]),
        (a_text(*"abcdefgh"), ["8 steps"]),
        (a_text(*"abcde").replace("2.", "3."), ["line '3. b', expected step '2. ...'"]),
        ("Let me think.\n" + a_text(*"abcde"), ["line 'Let me think.', expected step '1. ...'"]),
        (a_text(*"abcde", level="4"), ["conclusion 'Level: 4', expected 'Level: 0' to 'Level: 3'"]),
        (a_text(*"abcde") + " and that is sure", ["conclusion 'Level: 1 and that is sure'"]),
        (a_text(*"abcde").partition("Level")[0], ["conclusion ''"]),
    ],
)
def test_text_that_is_no_trace_is_refused_with_all_that_is_wrong(text: str, words: list[str]) -> None:
    found = [fault.reason for fault in read_trace(text).faults]
    assert len(found) == len(words) and all(word in reason for word, reason in zip(words, found, strict=True))
    with pytest.raises(TraceError) as caught:
        parse_trace(text)
    assert str(caught.value) == f"trace: found {found[0]}"


def test_what_can_be_read_of_a_torn_text_is_read() -> None:
    read = read_trace(f"1. {STEP}\n2. and so")
    assert read.trace == Trace((Claim("gc", (("gc", "0.500"), ("gc_class", "medium"))), parse_step("and so")), None)


def test_a_trace_that_never_ended_its_reasoning_counts_as_none() -> None:
    assert reasoning_of("1. a step without end") == ""
    assert reasoning_of(f"1. a step\n{THINK_END}Level: 3") == "1. a step\n"
