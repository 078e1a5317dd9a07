from __future__ import annotations

import pytest
from card_helpers import cards
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from cistrace.cards.card import Card
from cistrace.writers.prompts import domain_prompt
from cistrace.writers.tokenizer import SPECIAL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GC content 0.455 is medium\n", ["GC content 0.45", "5", " is medium", "\n"]),
        (
            "m3 ELK1 of Ets-related at 45-55 (+) with -9 bits lowers activity by -0.41; known effect unclear\n",
            [
                "m3",
                " ELK1",
                " of Ets-related",
                " at 45",
                "-55",
                " (+",
                ") with -9",
                " bits lowers",
                " activity by -0.4",
                "1",
                "; known effect unclear",
                "\n",
            ],
        ),
        ("2. m13", ["2. ", "m13"]),
        ("in K562\n", ["in K562", "\n"]),
        ("Level: 3", ["Level: 3"]),
    ],
)
def test_value_tokens_and_round_trip(tokenizer: PreTrainedTokenizerFast, text: str, expected: list[str]) -> None:
    ids = tokenizer(text)["input_ids"]
    assert [tokenizer.decode([token]) for token in ids] == expected
    assert tokenizer.decode(ids) == text


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
