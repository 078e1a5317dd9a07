"""The formats of `cistrace card`."""

from __future__ import annotations

import json

import pytest
from cli_helpers import AWKWARD, a_card

from cistrace.cards.json import card_hash, read_card
from cistrace.cards.text import parse_card, render_card
from cistrace.cli.card_formats import CARD_FORMATS


@pytest.mark.parametrize("identifier", AWKWARD)
def test_text_cards_part_at_their_header(identifier: str) -> None:
    card = a_card()
    block = CARD_FORMATS["text"](identifier, (10, 44), (), card)
    header, _, rest = block.partition("\n")
    assert header.startswith("=== ") and header.endswith(" [11-44] K562")
    assert rest.endswith("\n\n")
    assert "\n=== " not in rest
    assert render_card(parse_card(rest)) == render_card(card)


def test_json_cards_read_back() -> None:
    card = a_card()
    row = json.loads(CARD_FORMATS["json"]("one", (0, 34), ("padded",), card))
    assert row["hash"] == card_hash(card)
    assert read_card(row["card"]) == card
    assert (row["id"], row["window"], row["flags"]) == ("one", [0, 34], ["padded"])


def test_every_format_states_what_is_unusual() -> None:
    for write in CARD_FORMATS.values():
        assert "ambiguous:2" in write("one", (0, 34), ("padded", "ambiguous:2"), a_card())


def test_chat_cards_ask_for_a_trace() -> None:
    card = a_card()
    row = json.loads(CARD_FORMATS["sharegpt"]("one", (0, 34), (), card))
    assert [message["role"] for message in row["messages"]] == ["system", "user"]
    assert row["messages"][1]["content"] == render_card(card)


@pytest.mark.parametrize("name", ["json", "sharegpt"])
def test_an_id_with_marks_of_line_ends_stays_on_its_line(name: str) -> None:
    identifier = "a\u2028b\u2029c\x85d"
    line = CARD_FORMATS[name](identifier, (0, 34), (), a_card())
    assert len(line.splitlines()) == 1
    assert json.loads(line)["id"] == identifier
