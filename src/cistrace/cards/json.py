"""Cards as JSON: to and from plain objects, their JSON Schema, and the content hash."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from cistrace.cards.card import CARD_VERSION, Card, Composition, Evidence, GrammarTag, TfEffect
from cistrace.errors import CardError
from cistrace.io.hashes import text_hash
from cistrace.motifs.hit import MotifHit


def card_object(card: Card) -> dict[str, Any]:
    """The card as JSON types. Positions stay 0-based half-open; families are a sorted list."""
    plain = asdict(card)
    for hit in plain["hits"]:
        hit["families"] = sorted(hit["families"])
    for tag in plain["tags"]:
        tag["hits"] = list(tag["hits"])
    for key in ("hits", "tags", "effects"):
        plain[key] = list(plain[key])
    return plain


def card_hash(card: Card) -> str:
    """SHA-256 of the canonical JSON (sorted keys, no blanks), hexadecimal."""
    text = json.dumps(card_object(card), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text_hash(text)


def read_card(plain: dict[str, Any]) -> Card:
    """Read a card back from `card_object`.

    Raises
    ------
    CardError
        A field is missing, unknown or of another type, or the card is of another version.
    """
    if not isinstance(plain, dict) or plain.get("version") != CARD_VERSION:
        found = plain.get("version") if isinstance(plain, dict) else type(plain).__name__
        raise CardError(f"card: found version {found!r}, expected {CARD_VERSION!r}; build it again with this release")
    try:
        hits = tuple(MotifHit(**{**hit, "families": frozenset(hit["families"])}) for hit in plain["hits"])
        tags = tuple(GrammarTag(**{**tag, "hits": tuple(tag["hits"])}) for tag in plain["tags"])
        effects = tuple(None if effect is None else TfEffect(**effect) for effect in plain["effects"])
        evidence = None if plain["evidence"] is None else Evidence(**plain["evidence"])
        fields = {**plain, "hits": hits, "tags": tags, "effects": effects, "evidence": evidence}
        return Card(**{**fields, "composition": Composition(**plain["composition"])})
    except (KeyError, TypeError) as error:
        raise CardError(f"card: found JSON with {error}, expected the fields of card_schema()") from None


def card_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of `card_object`."""
    text, number, count = {"type": "string"}, {"type": "number"}, {"type": "integer", "minimum": 0}
    share = {"type": "number", "minimum": 0, "maximum": 1}

    def record(properties: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": properties,
            "required": sorted(properties),
            "additionalProperties": False,
        }

    def optional(schema: dict[str, Any]) -> dict[str, Any]:
        return {"anyOf": [schema, {"type": "null"}]}

    hit = record(
        {
            "matrix_id": text,
            "name": text,
            "families": {"type": "array", "items": text, "uniqueItems": True},
            "start": count,
            "end": {"type": "integer", "minimum": 1},
            "strand": {"enum": ["+", "-"]},
            "score": number,
            "p_value": optional(share),
            "contribution": optional(number),
        }
    )
    tag = record(
        {
            "kind": {"enum": ["homotypic", "pair", "cluster"]},
            "hits": {"type": "array", "items": count},
            "label": text,
            "distance": count,
        }
    )
    effect = record({"effect": number, "standard_error": number})
    evidence = record({"source": text, "estimate": number, "raising": number, "lowering": number})
    measured = record({"gc": share, "cpg": number, "low_complexity": share, "ambiguous": count})
    schema = record(
        {
            "bases": {"type": "string", "pattern": "^[ACGTRYSWKMBDHVN]+$"},
            "cell_type": text,
            "composition": measured,
            "hits": {"type": "array", "items": hit},
            "tags": {"type": "array", "items": tag},
            "effects": {"type": "array", "items": optional(effect)},
            "evidence": optional(evidence),
            "version": {"const": CARD_VERSION},
        }
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "cistrace card", **schema}
