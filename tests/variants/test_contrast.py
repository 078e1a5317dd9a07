"""Traces of differences: they add up, are read back, and every alteration of one is found."""

from __future__ import annotations

import re

import pytest
from card_helpers import a_told_card, cards
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.card import Card
from cistrace.motifs.hit import MotifHit
from cistrace.traces.ledger import read_hundredths
from cistrace.variants.contrast import MOST_STEPS, Contrast, contrast
from cistrace.variants.contrast_trace import TEMPLATES, read, render, verify
from cistrace.variants.windows import AlleleWindow

DNA = "ACGTTGCAAGTCCGATAGCTTGCACCGTATTAGCAGTC"
WINDOW = AlleleWindow(100, 20, "G", "T", DNA, DNA[:20] + "T" + DNA[21:])


def totals(card: Card) -> float:
    assert card.ledger is not None
    return card.ledger.total


def of(ref: Card, alt: Card, more: float = 0.0, count: int = 1) -> Contrast:
    return contrast(ref, alt, WINDOW, totals(alt) - totals(ref) + more, "unclear", count)


def an_example() -> Contrast:
    elk = MotifHit("MA0028.3", "ELK1", frozenset({"Ets"}), 0, 8, "+", 9.5, 1e-5)
    fox = MotifHit("MA0148.5", "FOXA1", frozenset({"FOX"}), 16, 24, "-", 12.25, 1e-6)
    ref = a_told_card(WINDOW.ref, [elk, fox], [0.3, 0.25], 0.10, 0.65)
    alt = a_told_card(WINDOW.alt, [elk], [0.35], 0.05, 0.40)
    return contrast(ref, alt, WINDOW, totals(alt) - totals(ref), "lowers")


def test_the_words() -> None:
    assert an_example().text == (
        "1. lost: FOXA1 site (FOX) at 117-124 (-), 12.2 bits, costs -0.25: now -0.25\n"
        "2. GC and CpG give +0.00, the bases between sites -0.05: now -0.30\n"
        "3. unaltered: ELK1 site (ETS) at 101-108 (+), +0.30 to +0.35, adds +0.05: now -0.25\n"
        "4. the difference comes to -0.25: what is not told above adds +0.00\n"
        "Effect: lowers"
    )
    assert an_example().verified and repr(an_example()) == "<Contrast -0.25: lost FOX>"


@given(ref=cards(), alt=cards(), thousandths=st.integers(-9, 9), count=st.sampled_from([1, 5]))
def test_any_two_cards_give_a_trace_that_holds_and_adds_up(ref: Card, alt: Card, thousandths: int, count: int) -> None:
    more = thousandths / (1000 if count == 1 else 10)
    more = max(-0.005, min(0.005, more)) if count == 1 else more
    found = of(ref, alt, more, count)
    assert found.verified, found.findings
    told = found.ledger
    difference = totals(alt) - totals(ref) + more
    assert abs(told.difference - difference) <= 0.0051
    amounts = [one.change or 0.0 for one in told.sites]
    parts = [told.composition, told.bases, told.interplay, told.windows, told.rest, *(round(one, 2) for one in amounts)]
    assert sum(round(100 * one) for one in parts) == pytest.approx(round(100 * told.difference), abs=len(amounts))
    assert len(found.steps) <= MOST_STEPS


@given(ref=cards(), alt=cards())
def test_what_is_written_is_read_back(ref: Card, alt: Card) -> None:
    found = of(ref, alt)
    steps, direction, faults = read(found.text)
    assert not faults and steps == found.steps and direction == "unclear"
    assert render(steps, "unclear") == found.text


@given(ref=cards(), alt=cards())
def test_the_running_totals_are_the_sums(ref: Card, alt: Card) -> None:
    running = 0
    for step in of(ref, alt).steps:
        running += step.added
        if step.kind != "whole":
            assert read_hundredths(step.get("running")) == running
    assert read_hundredths(step.get("total")) == running


@given(data=st.data())
def test_every_altered_figure_is_found(data: st.DataObject) -> None:
    found = an_example()
    figures = list(re.finditer(r"\d", found.text))
    digit = data.draw(st.sampled_from(figures))
    other = data.draw(st.sampled_from([one for one in "0123456789" if one != digit[0]]))
    text = found.text[: digit.start()] + other + found.text[digit.end() :]
    possible = tuple(found.steps)
    assert not all(one.supported for one in verify(text, possible, "lowers"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("lost: FOXA1", "gained: FOXA1"),
        ("(FOX)", "(ETS)"),
        ("(-)", "(+)"),
        ("costs -0.25", "adds +0.25"),
        ("Effect: lowers", "Effect: raises"),
        ("Effect: lowers", "lowers"),
        ("4. the difference", "5. the difference"),
        ("2. GC and CpG give +0.00, the bases between sites -0.05: now -0.30\n", ""),
        ("3. unaltered", "3. lost"),
        ("1. lost", "1. surely lost"),
    ],
)
def test_every_altered_word_is_found(old: str, new: str) -> None:
    found = an_example()
    assert old in found.text
    altered = found.text.replace(old, new)
    assert not all(one.supported for one in verify(altered, tuple(found.steps), "lowers"))


def test_a_step_said_twice_is_found() -> None:
    found = an_example()
    first, *others = found.text.split("\n")
    again = [first, first, *others[:-1]]
    lines = [f"{number}. {line.split('. ', 1)[1]}" for number, line in enumerate(again, 1)]
    failed = [
        one.field for one in verify("\n".join([*lines, others[-1]]), tuple(found.steps), "lowers") if not one.supported
    ]
    assert "repeat" in failed


def test_every_kind_has_a_running_total_or_the_whole() -> None:
    for kind, template in TEMPLATES.items():
        assert template.fields[-1] == ("rest" if kind == "whole" else "running")
