"""Traces of a small vocabulary, true of no card, piece by piece."""

from __future__ import annotations

from functools import cache

from card_helpers import MATRICES
from hypothesis import strategies as st

from cistrace.cards.evidence import MOST_TOLD
from cistrace.traces.claims import site_number
from cistrace.traces.templates import FEWEST_STEPS, MOST_STEPS, STEPS, WHOLE, Template
from cistrace.traces.text import parse_step
from cistrace.traces.trace import Claim, ClaimKind
from cistrace.writers.vocabulary import Slot, VocabularyNames, slots

NAMES = VocabularyNames(tuple(sorted(set(MATRICES.values()))), ("HepG2", "K562"), 200)
ONCE: tuple[ClaimKind, ...] = tuple(kind for kind in STEPS if kind not in ("site", WHOLE))


@cache
def slots_of(template: Template, end: str = "\n") -> tuple[Slot, ...]:
    """The slots of a template over the small vocabulary."""
    return slots(template, NAMES, end)


def spelled(template: Template) -> st.SearchStrategy[tuple[str, ...]]:
    """A line of a template, ended by a line break, as pieces: any value in every field."""
    return st.tuples(*(st.sampled_from(slot.pieces) for slot in slots_of(template)))


def claims(kind: ClaimKind) -> st.SearchStrategy[Claim]:
    """A claim of a kind: any value in every field, also where it should be a sum."""
    return spelled(STEPS[kind]).map(lambda pieces: parse_step("".join(pieces).removesuffix("\n")))


@st.composite
def told_ledgers(draw: st.DrawFn) -> tuple[Claim, ...]:
    """Steps of a trace of any amounts: sites of different numbers, other kinds once, the whole at the end."""
    count = draw(st.integers(FEWEST_STEPS - 1, MOST_STEPS - 1))
    site: ClaimKind = "site"
    kinds = draw(st.permutations([*ONCE, *[site] * count]))[:count]
    numbers = draw(st.permutations(range(MOST_TOLD)))
    steps = [draw(claims(kind)) for kind in (*kinds, WHOLE)]
    return tuple(
        Claim(step.kind, (("number", site_number(numbers[at])), *step.values[1:])) if step.kind == site else step
        for at, step in enumerate(steps)
    )
