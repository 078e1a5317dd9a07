from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from card_helpers import a_told_card, cards, hit
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.card import Card, TfEffect
from cistrace.cards.json import card_hash, card_object, card_schema, read_card
from cistrace.errors import CardError

SCHEMA = jsonschema.Draft202012Validator(card_schema())
# What the schema cannot say: how fields agree with one another.
ACROSS_FIELDS = "expected (a stretch of|no shared base|places in its|the two of a pair|two places in its)"
# Whole floats are integers to JSON Schema and not here.
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 300)
    | st.sampled_from([0.5, -0.25, 1.5])
    | st.text("ACGT+-x", max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["start", "gc"]), inner, max_size=1),
    max_leaves=3,
)


def example() -> dict[str, Any]:
    """Four sites, the first two with interplay; a homotypic tag, and a pair."""
    found = [
        replace(hit("GATA1", 0, 7, 9.0, "F"), matrix_id="MA0035.5"),
        replace(hit("SP1", 9, 17, 8.0, "F", "G"), matrix_id="MA0079.5"),
        *(replace(hit("GATA1", start, start + 7, 8.0, "F"), matrix_id="MA0035.5") for start in (20, 30)),
    ]
    return card_object(
        a_told_card("ACGT" * 10, found, [0.4, -0.1], 0.2, 0.5, {"SP1": TfEffect(0.3, 0.1)}, interplay=0.2)
    )


def paths(plain: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Of every value in a JSON object."""
    inside = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    for key, value in inside:
        yield (*here, key)
        yield from paths(value, (*here, key))


def parent(plain: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        plain = plain[key]
    return plain


def reads(plain: Any) -> bool:
    try:
        read_card(plain)
    except CardError as error:
        assert "\n" not in str(error)
        return False
    return True


@given(cards())
def test_json_reads_back(card: Card) -> None:
    plain = json.loads(json.dumps(card_object(card)))
    assert read_card(plain) == card
    assert card_object(read_card(plain)) == plain
    SCHEMA.validate(plain)


@given(cards(), st.data())
def test_another_value_anywhere_is_read_where_the_schema_takes_it(card: Card, data: st.DataObject) -> None:
    plain = json.loads(json.dumps(card_object(card)))
    path = data.draw(st.sampled_from(list(paths(plain))))
    parent(plain, path)[path[-1]] = data.draw(VALUES)
    if SCHEMA.is_valid(plain):
        try:
            assert read_card(plain).version == "2"
        except CardError as error:
            assert re.search(ACROSS_FIELDS, str(error))
    else:
        assert not reads(plain)


@pytest.mark.parametrize("path", list(paths(example())), ids=lambda path: ".".join(map(str, path)))
def test_no_field_may_be_missing_or_unknown(path: tuple[Any, ...]) -> None:
    plain = example()
    inside = parent(plain, path)
    if isinstance(inside, dict):
        del inside[path[-1]]
        assert not SCHEMA.is_valid(plain) and not reads(plain)
        inside = parent(plain := example(), path)
        inside["further"] = 1
        assert not SCHEMA.is_valid(plain) and not reads(plain)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("hits", 2, "start"), "12", 'hits[2].start: found "12", expected a valid integer'),
        (("hits", 0, "strand"), "?", "hits[0].strand: found \"?\", expected '+' or '-'"),
        (("hits", 0, "score"), True, "hits[0].score: found true, expected a valid number"),
        (("hits", 1, "p_value"), 2, "hits[1].p_value: found 2, expected less than or equal to 1"),
        (("hits", 1, "families"), ["F", "F"], 'hits[1].families: found ["F", "F"], expected each once'),
        (("hits", 1, "families"), "F", 'hits[1].families: found "F", expected a valid array'),
        (("hits", 1, "end"), 41, "hits[1]: found 9 to 41, expected a stretch of its 40 bases"),
        (("sites", 0, "end"), 41, "sites[0]: found 0 to 41, expected a stretch of its 40 bases"),
        (("sites", 0, "end"), 10, "sites: found 0 to 10 and 9 to 17, expected no shared base"),
        (("sites", 1, "p_value"), None, "sites[1].p_value: found null, expected a valid number"),
        (("sites", 1, "amount"), "-0.20", 'sites[1].amount: found "-0.20", expected a valid number'),
        (("tags", 0, "kind"), "trio", "tags[0].kind: found \"trio\", expected 'homotypic' or 'pair'"),
        (("tags", 0, "members"), [0, 4], "tags[0].members: found 4, expected places in its 4"),
        (("tags", 1, "members"), [1], "tags[1].members: found [1], expected the two of a pair"),
        (("tags", 1, "members"), [1, 1], "tags[1].members: found [1, 1], expected the two of a pair"),
        (("tags", 1, "members"), [0, 1, 2], "tags[1].members: found [0, 1, 2], expected the two of a pair"),
        (("ledger", "interplay", "sites"), [1, 4], "ledger.interplay.sites: found 1, 4, expected two places in its 4"),
        (("ledger", "interplay", "sites"), [1, 1], "ledger.interplay.sites: found 1, 1, expected two places in its 4"),
        (("ledger", "total"), None, "ledger.total: found null, expected a valid number"),
        (("ledger", "level"), 4, "ledger.level: found 4, expected less than or equal to 3"),
        (("composition", "gc"), 1.5, "composition.gc: found 1.5, expected less than or equal to 1"),
        (("bases",), "ACGU", "bases: found \"ACGU\", expected text matching '^[ACGTRYSWKMBDHVN]+$'"),
        (("hits",), 3, "hits: found 3, expected a valid array"),
    ],
)
def test_the_message_says_where_what_and_what_was_expected(path: tuple[Any, ...], value: object, message: str) -> None:
    plain = example()
    parent(plain, path)[path[-1]] = value
    with pytest.raises(CardError) as caught:
        read_card(plain)
    assert str(caught.value) == f"card: {message}"


@pytest.mark.parametrize("plain", [[], {}, {"version": "1"}, {"version": "2"}, {"version": "2", "hits": 3}, None])
def test_json_of_another_shape_is_refused(plain: object) -> None:
    with pytest.raises(CardError):
        read_card(plain)


@pytest.mark.parametrize("value", [float("nan"), b"x", {1}])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(CardError, match="no JSON"):
        read_card({**example(), "cell_type": value})


def test_cards_of_another_version_are_to_be_made_again() -> None:
    with pytest.raises(CardError, match="found version '1', expected '2'; build it again with this release"):
        read_card({**example(), "version": "1"})


def test_hash_names_content() -> None:
    card = read_card(example())
    assert card_hash(card) == card_hash(read_card(example()))
    assert card.ledger is not None
    others = [
        replace(card, cell_type="HepG2"),
        replace(card, sites=card.sites[::-1]),
        replace(card, ledger=replace(card.ledger, interplay=None)),
        replace(card, ledger=replace(card.ledger, total=0.51)),
    ]
    assert len({card_hash(one) for one in (card, *others)}) == 5


def test_the_hash_is_that_of_the_canonical_json() -> None:
    canonical = json.dumps(example(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert card_hash(read_card(example())) == hashlib.sha256(canonical.encode()).hexdigest()
