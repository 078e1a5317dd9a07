"""The formats of `cistrace card`: text to read, JSON Lines for programs, messages for chat models."""

from __future__ import annotations

from collections.abc import Callable

from cistrace.cards.card import Card
from cistrace.cards.json import window_card_object
from cistrace.cards.text import render_card
from cistrace.io.json_lines import json_line
from cistrace.io.terminal import one_line
from cistrace.writers.prompts import SYSTEM_PROMPT


def card_text(identifier: str, window: tuple[int, int], flags: tuple[str, ...], card: Card) -> str:
    """The card below a line `=== ID [START-END] CELL (FLAGS)`, and a blank line. No line of a card starts with `=== `.

    Parameters
    ----------
    identifier : str
        Of the sequence; control characters are escaped, so that it stays on its line.
    window : (int, int)
        What the card describes of the sequence: 0-based, half-open here, 1-based inclusive in the text.
    """
    name = one_line(identifier)
    marks = f" ({'; '.join(flags)})" if flags else ""
    return f"=== {name} [{window[0] + 1}-{window[1]}] {card.cell_type}{marks}\n{render_card(card)}\n\n"


def card_json(identifier: str, window: tuple[int, int], flags: tuple[str, ...], card: Card) -> str:
    """One line of JSON: a `window_card_object`."""
    return json_line(window_card_object(identifier, window, flags, card))


def card_sharegpt(identifier: str, window: tuple[int, int], flags: tuple[str, ...], card: Card) -> str:
    """One line of JSON: id, window (0-based, half-open), cell type, flags, and the messages that ask for a trace."""
    messages = [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": render_card(card)}]
    plain = {"id": identifier, "window": list(window), "cell_type": card.cell_type, "flags": list(flags)}
    return json_line({**plain, "messages": messages})


CARD_FORMATS: dict[str, Callable[[str, tuple[int, int], tuple[str, ...], Card], str]] = {
    "text": card_text,
    "json": card_json,
    "sharegpt": card_sharegpt,
}
"""The formats of `cistrace card` by name. Each takes id, window, flags and card."""
