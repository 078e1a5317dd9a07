from __future__ import annotations

import pytest
from bench_helpers import a_trace
from card_helpers import a_told_card, cards
from cli_helpers import a_card
from hypothesis import given, settings

from cistrace.cards.card import Card
from cistrace.motifs.hit import MotifHit
from cistrace.reasonbench.gates import FORMAT_GATES, FULL_GATES, Gatekeeper, judge, judged_before
from cistrace.traces.grounded import write
from cistrace.traces.ledger import read_hundredths
from cistrace.traces.templates import ADDENDS, TERMS
from cistrace.traces.text import render_trace


@pytest.fixture
def card() -> Card:
    return a_card()


def gates_of(text: str, card: Card) -> set[str]:
    return {fault.gate for fault in judge(text, card).faults}


@settings(max_examples=60, deadline=None)
@given(cards())
def test_the_grounded_writer_passes_under_both_conditions(card: Card) -> None:
    """But where all of a card's ledger is worth nothing."""
    assert card.ledger is not None
    for level in (None, 0, 1, 2, 3):
        trace = write(card, level)
        judged = judge(render_trace(trace), card)
        names = [(step, name) for step in trace.steps if step.kind in TERMS for name in ADDENDS[step.kind]]
        empty = not any(read_hundredths(step.get(name) or "0") for step, name in names)
        assert [fault.gate for fault in judged.faults] == ["empty"] * empty
        assert judged.supported == len(judged.steps)
        assert judged.level == (card.ledger.level if level is None else level)


@pytest.mark.parametrize(
    ("amounts", "backdrop", "empty"),
    [
        ([], 0.0, True),
        ([], 0.5, False),
        ([0.0, -0.004], 0.0, True),
        ([0.01, 0.0], 0.0, False),
        ([0.3, -0.3], 0.5, False),
    ],
)
def test_a_trace_whose_terms_are_all_nothing_is_empty(amounts: list[float], backdrop: float, empty: bool) -> None:
    found = [MotifHit("MA0028.3", "ELK1", frozenset(), at, at + 9, "+", 9.0, 1e-6) for at in (3, 33)]
    card = a_told_card("ACGTTGCATC" * 10, found, amounts, backdrop, 0.7)
    judged = judge(a_trace(card), card)
    assert {fault.gate for fault in judged.faults} == ({"empty"} if empty else set())
    assert Gatekeeper(FULL_GATES).rejects(judged.faults) == empty
    assert not Gatekeeper(FORMAT_GATES).rejects(judged.faults)


def test_the_canonical_form_is_what_passes(card: Card) -> None:
    text = a_trace(card)
    loose = "<think>\n" + text.replace("\n", "\n\n").replace("1. ", " 1) ", 1) + "\n"
    assert judge(loose, card).text == text
    assert judge(text, card).text == text
    assert judge(loose, card).faults == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text.replace("</think>", ""), "no </think>"),
        (lambda text: text.replace("Level: ", "Level: very high "), "conclusion"),
        (lambda text: text.replace("Level: 1", "Level: 7").replace("Level: 2", "Level: 7"), "conclusion"),
        (lambda text: "Let me think.\n" + text, "line 'Let me think.'"),
        (lambda text: text + " and that is sure", "conclusion"),
        (lambda text: text.replace("2. ", "3. ", 1), "expected step '2. ...'"),
    ],
)
def test_form(change, reason: str, card: Card) -> None:  # type: ignore[no-untyped-def]
    text = a_trace(card)
    judged = judge(change(text), card)
    assert any(fault.gate == "schema" and reason in fault.reason for fault in judged.faults)
    assert judged.text == change(text)  # what failed stays as it came


def test_too_few_steps_and_repeats(card: Card) -> None:
    lines = a_trace(card).split("</think>")[0].splitlines()
    steps = [line.partition(" ")[2] for line in lines]
    assert gates_of(told(steps[:1] + steps[-1:]), card) >= {"steps"}
    for at, step in enumerate(steps[:-1]):  # before the whole, which is told once
        assert "steps" in gates_of(told([*steps[:-1], step, steps[-1]]), card)
        (fault,) = [
            fault for fault in judge(told([*steps[:-1], step, steps[-1]]), card).faults if fault.gate == "steps"
        ]
        assert f"repeats step {at + 1}" in fault.reason


def told(steps: list[str]) -> str:
    return "".join(f"{number}. {step}\n" for number, step in enumerate(steps, 1)) + "</think>Level: 1"


@pytest.mark.parametrize("change", [lambda steps: steps[:-1], lambda steps: [steps[-1], *steps[:-1]]])
def test_a_ledger_without_its_whole_behind_it_is_no_trace(change, card: Card) -> None:  # type: ignore[no-untyped-def]
    steps = [line.partition(" ")[2] for line in a_trace(card).split("</think>")[0].splitlines()]
    fillers = ["CpG observed/expected 9.99 is island-like"]
    assert "schema" not in gates_of(told([*fillers, *steps]), card)
    assert "schema" in gates_of(told([*fillers, *change(steps)]), card)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("adds +0.31", "adds +0.30", "amount"),
        ("now +0.31", "now +0.32", "running"),
        ("not told above adds +0.07", "not told above adds +0.08", "rest"),
        ("comes to +0.42", "comes to +0.41", "total"),
    ],
)
def test_sums_are_claims(old: str, new: str, field: str, card: Card) -> None:
    text = a_trace(card)
    assert old in text
    judged = judge(text.replace(old, new, 1), card)
    assert {fault.gate for fault in judged.faults} == {"claims"}
    assert any(field in fault.reason for fault in judged.faults)


def test_claims_are_held_against_the_card_they_are_given(card: Card) -> None:
    wrong = a_trace(card).replace("at 1-8", "at 2-9")
    judged = judge(wrong, card)
    assert {fault.gate for fault in judged.faults} == {"claims"}
    assert judged.supported == len(judged.steps) - 1
    other = a_card(bases="TTTTACGTACGTACGATCGATCGGACTACGACTA")
    assert gates_of(a_trace(card), other) == {"claims"}


@pytest.mark.parametrize(
    ("old", "new"),
    [("at 1-8", "at 2-9"), ("2. ", "3. "), ("ELK1", "ELK2"), ("\n2. ", "\n</think>"), ("</think>", ""), ("is", "is")],
)
def test_a_judgement_comes_back_from_its_faults(old: str, new: str, card: Card) -> None:
    text = a_trace(card)
    steps = text.splitlines()
    repeated = "\n".join([*steps[:4], f"5. {steps[0][3:]}", "</think>Level: 1"])
    for written in (text.replace(old, new), repeated, "No trace.", ""):
        judged = judge(written, card)
        assert judged_before(judged.text, judged.faults) == judged


def test_an_empty_answer_is_rejected(card: Card) -> None:
    assert {"schema", "steps"} <= gates_of("", card)


def test_duplicates_are_those_of_one_split_and_cell_type(card: Card) -> None:
    judged = judge(a_trace(card), card)
    keeper = Gatekeeper(FULL_GATES)
    level = judged.level or 0
    assert keeper.faults("a", "train", "K562", level, judged) == ()
    (fault,) = keeper.faults("b", "train", "K562", level, judged)
    assert (fault.gate, fault.reason) == ("duplicate", "the steps of a")
    assert keeper.faults("c", "val", "K562", level, judged) == ()
    assert keeper.faults("d", "train", "HepG2", level, judged) == ()


def test_a_rejected_trace_makes_no_duplicate(card: Card) -> None:
    wrong = judge(a_trace(card).replace("at 1-8", "at 2-9"), card)
    keeper = Gatekeeper(FULL_GATES)
    for name in "ab":
        faults = keeper.faults(name, "train", "K562", 1, wrong)
        assert "duplicate" not in {fault.gate for fault in faults}


def test_the_observed_level_is_counted_and_rejects_only_where_asked(card: Card) -> None:
    judged = judge(a_trace(card), card)
    other = (judged.level or 0) ^ 1
    faults = Gatekeeper(FULL_GATES).faults("a", "train", "K562", other, judged)
    assert {fault.gate for fault in faults} == {"level"}
    assert not Gatekeeper(FULL_GATES).rejects(faults)
    assert Gatekeeper(FULL_GATES | {"level"}).rejects(faults)


def test_the_papers_filter_looks_at_the_form_alone(card: Card) -> None:
    wrong = judge(a_trace(card).replace("at 1-8", "at 2-9"), card)
    assert not Gatekeeper(FORMAT_GATES).rejects(wrong.faults)
    assert Gatekeeper(FULL_GATES).rejects(wrong.faults)
