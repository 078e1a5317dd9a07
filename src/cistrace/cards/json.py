"""Cards as JSON: to and from plain objects, their JSON Schema, and the content hash.

Types and bounds of every field stand at the records themselves; pydantic checks them and writes the schema.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from cistrace.cards.card import CARD_VERSION, Card
from cistrace.cards.consistency import disagreement
from cistrace.errors import CardError
from cistrace.io.hashes import text_hash

_CARD = TypeAdapter(Card)
SHOWN = 40  # letters of a wrong value in a message


def card_object(card: Card) -> dict[str, Any]:
    """The card as JSON types. Positions stay 0-based half-open; families are a sorted list."""
    plain: dict[str, Any] = _CARD.dump_python(card, mode="json")
    for hit in plain["hits"]:
        hit["families"].sort()
    return plain


def card_hash(card: Card) -> str:
    """SHA-256 of the canonical JSON (sorted keys, no blanks), hexadecimal."""
    text = json.dumps(card_object(card), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text_hash(text)


def window_card_object(identifier: str, window: tuple[int, int], flags: tuple[str, ...], card: Card) -> dict[str, Any]:
    """A card and where it came from as JSON types: id, window (0-based, half-open), flags, hash, card."""
    plain = {"id": identifier, "window": list(window), "flags": list(flags)}
    return {**plain, "hash": card_hash(card), "card": card_object(card)}


def read_card(plain: object) -> Card:
    """Read a card back from `card_object`, from JSON types alone.

    Raises
    ------
    CardError
        Another version, or the first field that is missing, unknown, of another type, out of bounds, or at odds with
        the rest of the card, by its path: `hits[3].start: found "12", expected a valid integer`.
    """
    if not isinstance(plain, dict) or plain.get("version") != CARD_VERSION:
        found = plain.get("version") if isinstance(plain, dict) else type(plain).__name__
        raise CardError(f"card: found version {found!r}, expected {CARD_VERSION!r}; build it again with this release")
    try:
        card = _CARD.validate_json(json.dumps(plain, allow_nan=False), strict=True)
    except ValidationError as error:
        raise CardError(f"card: {_in_words(error.errors()[0])}") from None
    except (TypeError, ValueError) as error:
        raise CardError(f"card: found what is no JSON ({error}), expected the fields of card_schema()") from None
    again = card_object(card)
    if fault := (_difference(plain, again, "") if plain != again else "") or disagreement(card):
        raise CardError(f"card: {fault}")
    return card


def _in_words(fault: ErrorDetails) -> str:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"]).lstrip(".")
    if fault["type"] == "missing":
        return f"{where}: found nothing, expected this field"
    if fault["type"] == "unexpected_keyword_argument":
        return f"{where}: found {_shown(fault['input'])}, expected no field of this name"
    return f"{where}: found {_shown(fault['input'])}, expected {_expected(fault['msg'])}"


def _expected(message: str) -> str:
    """What pydantic's message says should have been: it speaks of `Input` or of a `String`."""
    words = message.removeprefix("Input should be ").removeprefix("String should ")
    return words.replace("match pattern", "text matching")


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _difference(plain: Any, read: Any, where: str) -> str:
    """The first field that was filled in or left out on reading; empty where there is none."""
    if isinstance(read, dict):
        for name, value in read.items():
            at = f"{where}.{name}".lstrip(".")
            if name not in plain:
                return f"{at}: found nothing, expected this field"
            if fault := _difference(plain[name], value, at):
                return fault
    elif isinstance(read, list):
        if len(plain) != len(read):
            return f"{where}: found {_shown(plain)}, expected each once"
        for number, pair in enumerate(zip(plain, read)):
            if fault := _difference(*pair, f"{where}[{number}]"):
                return fault
    return ""


def card_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of `card_object`."""
    schema = _CARD.json_schema(mode="serialization")
    for record in (schema, *schema["$defs"].values()):
        record["required"] = sorted(record["properties"])  # JSON states every field, also where a record has a default
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "cistrace card"}
