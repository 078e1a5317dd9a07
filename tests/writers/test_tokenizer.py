from __future__ import annotations

import pytest
from card_helpers import cards
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast
from writing_helpers import spelled

from cistrace.cards.card import Card
from cistrace.traces.grounded import write
from cistrace.traces.templates import STEPS, Template
from cistrace.traces.text import render_trace
from cistrace.writers.prompts import CELL_LINE, TERM_LINES, domain_prompt
from cistrace.writers.tokenizer import SPECIAL

LINES = (*STEPS.values(), *TERM_LINES.values(), CELL_LINE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GC content 0.455 is medium\n", ["GC content 0.45", "5", " is medium\n"]),
        (
            "m3: ELK1 site (ETS) at 45-55 (+), -9 bits, costs -0.41: now +0.20; known effect unclear\n",
            [
                "m3",
                ": ",
                "ELK1 site (ETS",
                ") at 45",
                "-55",
                " (+), -9",
                " bits, costs -0.4",
                "1",
                ": now +0.2",
                "0",
                "; known effect unclear\n",
            ],
        ),
        (
            "the whole comes to -0.71: what is not told above adds +0.05\n",
            ["the whole comes to -0.7", "1", ": what is not told above adds +0.0", "5", "\n"],
        ),
        ("2. 3 ETS sites stand within 40 bp\n", ["2. ", "3", " ETS", " sites stand within 40 bp\n"]),
        ("in K562\n", ["in K562\n"]),
        ("Level: 3", ["Level: 3"]),
    ],
)
def test_value_tokens_and_round_trip(tokenizer: PreTrainedTokenizerFast, text: str, expected: list[str]) -> None:
    ids = tokenizer(text)["input_ids"]
    assert [tokenizer.decode([token]) for token in ids] == expected
    assert tokenizer.decode(ids) == text


@pytest.mark.parametrize("template", LINES)
@given(data=st.data())
@settings(max_examples=20)
def test_every_line_falls_into_the_pieces_of_its_template(
    tokenizer: PreTrainedTokenizerFast, template: Template, data: st.DataObject
) -> None:
    """Of steps and of prompts, alone and behind another line: what the grammar allows is what a text is read as."""
    line, before = data.draw(spelled(template)), data.draw(spelled(data.draw(st.sampled_from(LINES))))
    ids = tokenizer("".join((*before, "3. ", *line)))["input_ids"]
    assert [tokenizer.decode([token]) for token in ids] == [*before, "3. ", *line]
    assert [tokenizer.decode([token]) for token in tokenizer("".join(line))["input_ids"]] == list(line)


@given(text=st.text(max_size=60).filter(lambda text: not any(token in text for token in SPECIAL)))
def test_any_text_survives(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


@given(card=cards())
@settings(max_examples=60)
def test_prompts_survive_and_parts_add_up(tokenizer: PreTrainedTokenizerFast, card: Card) -> None:
    prompt = domain_prompt(card)
    ids = tokenizer(prompt.text)["input_ids"]
    assert tokenizer.decode(ids) == prompt.text
    assert tokenizer(prompt.shared)["input_ids"] + tokenizer(prompt.own)["input_ids"] == ids


@given(card=cards())
@settings(max_examples=60)
def test_no_card_needs_a_byte(tokenizer: PreTrainedTokenizerFast, card: Card) -> None:
    """Neither what a writer reads nor what it is taught to write, short and odd sequences included."""
    for text in (domain_prompt(card).text, render_trace(write(card))):
        assert not any(token.startswith("<0x") for token in tokenizer.tokenize(text))
