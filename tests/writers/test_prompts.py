from __future__ import annotations

import hashlib

from card_helpers import CUTS, cards
from hypothesis import given

from cistrace.cards.build import paper_card
from cistrace.cards.card import Card
from cistrace.cards.text import render_card
from cistrace.traces.grounded import write
from cistrace.traces.templates import LEVEL_LINE, STEPS, THINK_BEGIN
from cistrace.traces.text import render_step
from cistrace.writers.prompts import (
    CELL_LINE,
    CHAT_PROMPTS,
    CHAT_VERSION,
    LISTED_HITS,
    PROMPT_VERSION,
    SYSTEM_PROMPT,
    TAGS_OF_A_KIND,
    chat_prompt,
    domain_prompt,
)


@given(cards())
def test_all_that_a_grounded_trace_claims_can_be_read(card: Card) -> None:
    lines = domain_prompt(card).text.splitlines()
    assert all(render_step(step) in lines for step in write(card, CUTS).steps)


@given(cards())
def test_the_strongest_stand_last_before_the_estimate(card: Card) -> None:
    lines = domain_prompt(card).own.splitlines()
    assert lines[0] == "in K562" and lines[-1] == THINK_BEGIN and " estimated at " in lines[-2]
    assert len(lines) - 3 == min(len(card.hits), LISTED_HITS)
    sizes = [abs(float(line.split(" activity by ")[1].split(";")[0])) for line in lines[1:-2]]
    assert sizes == sorted(sizes)


# Words by version. A prediction states the version alone, so that whoever changes a word adds a line here.
WORDS = {("3", "1"): "bfb12b6246e58944"}


def test_other_words_are_another_version() -> None:
    """By digest of all words that a trained model, and that a chat teacher, reads or writes."""
    words = repr(
        (SYSTEM_PROMPT, CELL_LINE, LISTED_HITS, TAGS_OF_A_KIND, LEVEL_LINE, sorted(STEPS.items()), CHAT_PROMPTS)
    )
    assert hashlib.sha256(words.encode()).hexdigest()[:16] == WORDS[PROMPT_VERSION, CHAT_VERSION]


@given(cards())
def test_a_chat_model_reads_the_words_of_the_claims_or_the_papers_card(card: Card) -> None:
    prompt = chat_prompt(card)
    assert prompt.shared == SYSTEM_PROMPT
    assert prompt.own + THINK_BEGIN == domain_prompt(card).text
    plain = paper_card(card.bases, card.cell_type, card.hits)
    assert chat_prompt(plain).own == render_card(plain)
