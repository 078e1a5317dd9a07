"""A trace told in the positions of the input holds exactly where the trace of the window does."""

from __future__ import annotations

import pytest
from card_helpers import an_evidence_card, cards
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.card import Card
from cistrace.traces.grounded import write
from cistrace.traces.positions import moved_text
from cistrace.traces.text import parse_trace, render_trace
from cistrace.traces.verify import verify


@given(cards(), st.integers(1, 10**6))
def test_what_holds_of_the_window_holds_where_the_window_lies(card: Card, start: int) -> None:
    text = render_trace(write(card))
    moved = moved_text(text, start)
    before, after = verify(text, card), verify(moved, card, start)
    assert [fault.supported for fault in after.findings] == [fault.supported for fault in before.findings]
    assert (after.claims, after.supported) == (before.claims, before.supported)
    assert (moved == text) == (" at " not in text)
    assert moved_text(moved, -start) == text


@given(cards(), st.integers(200, 1000))
def test_steps_about_sites_are_false_at_the_windows_own_positions(card: Card, start: int) -> None:
    text = render_trace(write(card))
    places = ("start", "end")
    false = {(fault.step, fault.field) for fault in verify(text, card, start).failed}
    steps = parse_trace(text).steps
    assert false == {(at, name) for at, step in enumerate(steps, 1) for name, _ in step.values if name in places}


def test_all_places_of_all_kinds_of_steps_move() -> None:
    steps = [
        "m2: GATA1 site (GATA) at 1-7 (+), 10 bits, adds +0.35: now +0.05; known effect not measured",
        "known partners GATA + SP/KLF, m1 and m2, stand 3 bp apart",
        "interplay of m1 and m2 costs -0.30: now -0.25",
        "3 GATA sites stand within 47 bp",
        "the whole comes to +0.10: what is not told above adds +0.35",
    ]
    moved = moved_text("".join(f"{n}. {step}\n" for n, step in enumerate(steps, 1)) + "</think>Level: 1", 100)
    assert moved.splitlines()[:5] == [
        "1. m2: GATA1 site (GATA) at 101-107 (+), 10 bits, adds +0.35: now +0.05; known effect not measured",
        "2. known partners GATA + SP/KLF, m1 and m2, stand 3 bp apart",
        "3. interplay of m1 and m2 costs -0.30: now -0.25",
        "4. 3 GATA sites stand within 47 bp",
        "5. the whole comes to +0.10: what is not told above adds +0.35",
    ]


@pytest.mark.parametrize(
    ("step", "moved"),
    [
        ("The ELK1 site at 11-20 on the plus strand raises activity.", "at 1411-1420 on"),
        ("An ETS site lies at position 12.", "at position 1412."),
        (
            "m1 ELK1 at 11 – 20, within 30-40 bp and 5-10 % of m2 (FOXA1) at 41-52",
            "at 1411 – 1420, within 30-40 bp and 5",
        ),
        ("The ELK1 site lies at 11-20.", "lies at 1411-1420."),
        ("A ratio of 1-9.5 is no place.", "of 1-9.5 is"),
        ("GC content of 50.0% is moderate, by -0.20.", "GC content of 50.0% is moderate, by -0.20."),
    ],
)
def test_places_in_prose_move_and_other_figures_stay(step: str, moved: str) -> None:
    text = f"1. {step}\n</think>Level: 1"
    assert moved in moved_text(text, 1400)
    card = an_evidence_card()
    before, after = verify(text, card), verify(moved_text(text, 1400), card, 1400)
    assert (before.supported, before.claims) == (after.supported, after.claims)


def test_a_text_that_is_no_trace_moves_too_and_keeps_its_form() -> None:
    assert moved_text("see 11-20\n\nand so on", 100) == "see 111-120\n\nand so on"
