"""Traces that hold: what a model writes of evidence cards is judged, and what does not hold is written again.

Anew by drawing, twice at most; after that the grounded writer's trace stands in. So every trace that is reported agrees
with its card in every claim and sum, tells the whole, and concludes the card's level; how often the model alone
achieves that is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cistrace.cards.card import Card
from cistrace.traces.grounded import write
from cistrace.traces.templates import WHOLE
from cistrace.traces.text import read_trace, render_trace
from cistrace.traces.trace import WrittenBy
from cistrace.traces.verify import verify
from cistrace.writers.prompts import Prompt
from cistrace.writers.reasoner import OnWritten, Reasoner

TRIES = 2  # after the first one


@dataclass(frozen=True, slots=True)
class Told:
    """A trace that holds.

    Attributes
    ----------
    text : str
    by : WrittenBy
    first : str
        What the model wrote at once, whether it holds or not.
    """

    text: str
    by: WrittenBy
    first: str


def holds(text: str, card: Card) -> bool:
    """Whether a text tells the whole of a card's ledger, in claims that hold, and concludes its level."""
    read = read_trace(text)
    told = any(step.kind == WHOLE for step in read.trace.steps)
    level = None if card.ledger is None else card.ledger.level
    return told and read.trace.level == level and verify(text, card).verified


def tell(
    reasoner: Reasoner, prompts: Sequence[Sequence[Prompt]], cards: Sequence[Sequence[Card]],
    on_written: OnWritten | None = None,
) -> list[list[Told]]:  # fmt: skip
    """Let a reasoner tell the ledgers of cards.

    Parameters
    ----------
    prompts : N sequences of C Prompt
        As of `Reasoner.reason`.
    cards : N sequences of C Card
        That the prompts are of; with ledgers.
    """
    grounded = [[render_trace(write(card)) for card in row] for row in cards]
    first = reasoner.reason(prompts, blank(prompts), drafts=grounded, on_written=on_written).texts
    told = [[Told(text, "model", text) for text in row] for row in first]
    failed = [(row, cell) for row, line in enumerate(cards) for cell, card in enumerate(line)
              if not holds(first[row][cell], card)]  # fmt: skip
    for attempt in range(1, TRIES + 1):
        if not failed:
            break
        asked = [[prompts[row][cell]] for row, cell in failed]
        near = [[first[row][cell]] for row, cell in failed]  # most of what is drawn is what was written at first
        again = reasoner.reason(asked, blank(asked), drafts=near, attempt=attempt).texts
        for (row, cell), (text,) in zip(failed, again, strict=True):
            if holds(text, cards[row][cell]):
                told[row][cell] = Told(text, "model again", first[row][cell])
        failed = [(row, cell) for row, cell in failed if told[row][cell].by == "model"]
    for row, cell in failed:
        told[row][cell] = Told(grounded[row][cell], "grounded writer", first[row][cell])
    return told


def blank(prompts: Sequence[Sequence[Prompt]]) -> Tensor:
    """Inputs of a head that nobody reads: float32 (N, C, 2)."""
    return torch.zeros((len(prompts), len(prompts[0]), 2))
