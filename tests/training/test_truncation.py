"""What is too long loses the middle of its DNA, and nothing else."""

from __future__ import annotations

import pytest
from card_helpers import an_evidence_card
from hypothesis import given
from hypothesis import strategies as st
from training_helpers import chatml_tokenizer, llama_tokenizer

from cistrace.cards.build import paper_card
from cistrace.motifs.hit import MotifHit
from cistrace.training.truncation import GAP, fitted
from cistrace.writers.layout import CHAT, Layout, layout_of, prompt_of

LAYOUTS = {"chatml": layout_of(CHAT, chatml_tokenizer()), "llama": layout_of(CHAT, llama_tokenizer())}
HITS = [MotifHit("MA0001.1", "GATA1", frozenset({"C4-GATA-related"}), 3, 12, "+", 12.0, 1e-6)]


def count(layout: Layout, prompt: object) -> int:
    return sum(map(len, layout.prompt_ids(prompt)))  # type: ignore[arg-type]


@pytest.mark.parametrize("family", LAYOUTS)
@given(bases=st.text("ACGT", min_size=30, max_size=400), share=st.floats(0, 1.2))
def test_a_prompt_fits_its_room_or_is_left_out(family: str, bases: str, share: float) -> None:
    layout = LAYOUTS[family]
    prompt = prompt_of(CHAT, paper_card(bases, "K562", HITS))
    whole = count(layout, prompt)
    room = int(whole * share)
    fit = fitted(layout, prompt, room)
    if fit is None:
        assert room < whole
        return
    assert count(layout, fit.prompt) <= room
    assert fit.shortened == (whole > room)
    if not fit.shortened:
        assert fit.prompt == prompt
        return
    before, _, rest = prompt.own.partition(bases)
    assert fit.prompt.own.startswith(before) and fit.prompt.own.endswith(rest)  # length, motifs, end of the prompt
    left, gap, right = fit.prompt.own[len(before) : len(fit.prompt.own) - len(rest)].partition(GAP)
    assert gap and bases.startswith(left) and bases.endswith(right)
    assert len(left) - len(right) in (0, 1) and len(left) + len(right) < len(bases)
    assert fit.prompt.shared == prompt.shared


@pytest.mark.parametrize("family", LAYOUTS)
def test_as_much_as_fits_is_kept(family: str) -> None:
    layout, bases = LAYOUTS[family], "ACGT" * 100
    prompt = prompt_of(CHAT, paper_card(bases, "K562", HITS))
    short = fitted(layout, prompt, count(layout, prompt) - 20)
    assert short is not None and short.shortened
    kept = len(short.prompt.own) - (len(prompt.own) - len(bases)) - len(GAP)
    assert kept > len(bases) - 100


def test_a_prompt_without_a_sequence_cannot_be_shortened() -> None:
    layout = LAYOUTS["chatml"]
    prompt = prompt_of(CHAT, an_evidence_card())  # evidence cards tell no bases
    assert fitted(layout, prompt, count(layout, prompt) - 1) is None
