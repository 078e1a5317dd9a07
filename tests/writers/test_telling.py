"""Traces that hold, whoever wrote them: with a writer that says what it is told to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
import torch
from card_helpers import an_evidence_card, cards
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from cistrace.cards.build import paper_card
from cistrace.cards.card import Card
from cistrace.traces.grounded import write
from cistrace.traces.templates import THINK_END
from cistrace.traces.text import render_trace
from cistrace.traces.trace import WrittenBy
from cistrace.traces.verify import verify
from cistrace.writers.prompts import Prompt
from cistrace.writers.reasoner import OnWritten, Reasoned
from cistrace.writers.telling import TRIES, holds, tell

SAYS = 'nothing that holds: "'


@dataclass
class Script:
    """A reasoner that says, of every prompt and attempt, what stands in its script; and what it was asked.

    Attributes
    ----------
    lines : dict
        By the prompt's text the texts of the attempts.
    asked : list of (attempt, prompts)
    drafts : drafts of the first attempt
    """

    lines: Mapping[str, Sequence[str]]
    asked: list[tuple[int, list[str]]] = field(default_factory=list)
    drafts: Sequence[Sequence[str]] | None = None
    seed: int | None = None

    def reason(
        self, prompts: Sequence[Sequence[Prompt]], features: Tensor, write: bool = True, constrained: bool = True,
        on_written: OnWritten | None = None, drafts: Sequence[Sequence[str]] | None = None, attempt: int = 0,
    ) -> Reasoned:  # fmt: skip
        assert write and constrained and features.shape == (len(prompts), len(prompts[0]), 2)
        if attempt == 0:
            self.drafts = drafts
        self.asked.append((attempt, [prompt.text for row in prompts for prompt in row]))
        if on_written is not None:
            on_written(len(prompts) * len(prompts[0]))
        texts = [[self.lines[prompt.text][attempt] for prompt in row] for row in prompts]
        return Reasoned(torch.zeros(features.shape[:2]), texts)


def grounded(card: Card) -> str:
    return render_trace(write(card))


def true(card: Card) -> str:
    """A trace that holds, and is not the grounded writer's: its fillers stand at the beginning."""
    trace = write(card)
    fillers = [step for step in trace.steps if step.get("running") is None and step.kind != "whole"]
    terms = [step for step in trace.steps if step not in fillers]
    return render_trace(replace(trace, steps=(*fillers, *terms)))


FALSE: dict[str, Callable[[Card], str]] = {
    "another amount": lambda card: grounded(card).replace("adds +0.41", "adds +0.40"),
    "a wrong sum": lambda card: grounded(card).replace("now +0.41", "now +0.40", 1),
    "another level": lambda card: grounded(card)[:-1] + str((int(grounded(card)[-1]) + 1) % 4),
    "no level": lambda card: grounded(card).partition(THINK_END)[0] + THINK_END,
    "no end": lambda card: grounded(card).partition(THINK_END)[0],
    "no whole": lambda card: "1. GC content 0.500 is medium\n2. CpG observed/expected 1.60 is island-like\n"
    "3. low-complexity share 0.00 is negligible\n</think>Level: 2",
    "prose": lambda card: grounded(card).replace("ELK1 site (ETS)", "ELK1 is a site (ETS)"),
    "nothing": lambda card: "",
}  # fmt: skip


@pytest.mark.parametrize("says", FALSE.values(), ids=FALSE)
def test_what_holds(says: Callable[[Card], str]) -> None:
    card = an_evidence_card()
    assert holds(grounded(card), card) and holds(true(card), card)
    assert says(card) not in (grounded(card), true(card))
    assert not holds(says(card), card)


def test_true_claims_without_the_whole_do_not_hold() -> None:
    card = an_evidence_card()
    text = (
        "1. GC content 0.500 is medium\n2. CpG observed/expected 0.80 is island-like\n"
        "3. low-complexity share 0.00 is negligible\n4. ELK1 at 11-20 is on the + strand\n"
        "5. FOXA1 at 41-52 is on the - strand\n</think>Level: 2"
    ).replace("0.80", f"{card.composition.cpg:.2f}")
    assert verify(text, card).verified
    assert not holds(text, card)


def test_of_a_card_without_a_ledger_nothing_holds() -> None:
    card = an_evidence_card()
    assert not holds(grounded(card), paper_card(card.bases, card.cell_type, card.hits))


def a_prompt(name: str) -> Prompt:
    return Prompt(name, "")


@given(
    data=st.data(),
    made=st.lists(st.tuples(cards(), cards()), min_size=1, max_size=4),
)
@settings(max_examples=30)
def test_whoever_writes_every_trace_holds(data: st.DataObject, made: list[tuple[Card, Card]]) -> None:
    """True at once, late or never: who wrote it, what it is, and who was asked again."""
    right = st.integers(0, TRIES + 1)  # the attempt that is true
    lines: dict[str, Sequence[str]] = {}
    expected: list[list[WrittenBy]] = []
    prompts, first_right = [], {}
    for row, pair in enumerate(made):
        expected.append([])
        prompts.append([a_prompt(f"{row} {cell}") for cell in range(2)])
        for cell, card in enumerate(pair):
            when = data.draw(right)
            texts = [f"1. {SAYS}{attempt}{THINK_END}" for attempt in range(TRIES + 1)]
            if when <= TRIES:
                texts[when] = true(card)
            lines[f"{row} {cell}"], first_right[f"{row} {cell}"] = texts, when
            expected[-1].append("model" if when == 0 else "model again" if when <= TRIES else "grounded writer")
    script, counts = Script(lines), list[int]()
    found = tell(script, prompts, made, counts.append)  # type: ignore[arg-type]
    assert [[told.by for told in row] for row in found] == expected
    for row, pair in enumerate(made):
        for cell, card in enumerate(pair):
            told, tried = found[row][cell], lines[f"{row} {cell}"]
            assert holds(told.text, card)
            assert told.first == tried[0]
            assert told.text == (grounded(card) if told.by == "grounded writer" else true(card))
    assert script.drafts == [[grounded(card) for card in pair] for pair in made]
    assert sum(counts) == 2 * len(made)  # written again is not one more
    asked = dict(script.asked)
    assert len(asked) == len(script.asked)
    for attempt in range(TRIES + 1):
        assert asked.get(attempt, []) == [prompt for prompt, when in first_right.items() if when >= attempt]


def test_a_writer_is_asked_again_twice_at_most_and_nobody_in_vain() -> None:
    card = an_evidence_card()
    lines = {"good": [true(card)], "bad": [FALSE["a wrong sum"](card)] * (TRIES + 1)}
    script = Script(lines)
    found = tell(script, [[a_prompt("good")], [a_prompt("bad")]], [[card], [card]])  # type: ignore[arg-type]
    assert script.asked == [(0, ["good", "bad"]), (1, ["bad"]), (2, ["bad"])]
    assert [row[0].by for row in found] == ["model", "grounded writer"]
    assert found[1][0].first == lines["bad"][0] and found[1][0].text == grounded(card)
    script = Script(lines)
    tell(script, [[a_prompt("good")]], [[card]])  # type: ignore[arg-type]
    assert script.asked == [(0, ["good"])]
