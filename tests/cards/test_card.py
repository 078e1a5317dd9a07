from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest
from card_helpers import bases, cards, hits
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.build import build_card, paper_card
from cistrace.cards.card import Card, TfEffect
from cistrace.cards.json import card_hash, card_object, card_schema, read_card
from cistrace.cards.text import parse_card, render_card
from cistrace.errors import CardError
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.overlap import best_of_family


def hit(name: str, start: int, end: int, score: float, *families: str) -> MotifHit:
    return MotifHit("MA0001.1", name, frozenset(families), start, end, "+", score, 1e-6)


def test_overlapping_hits_of_families_that_meet_keep_the_best() -> None:
    fos = hit("FOS::JUN", 10, 18, 12.0, "Fos-related", "Jun-related")
    batf = hit("BATF::JUN", 12, 20, 14.0, "B-ATF-related factors", "Jun-related")
    elk = hit("ELK1", 11, 19, 9.0, "Ets-related")
    apart = hit("JUN", 20, 28, 8.0, "Jun-related")
    assert best_of_family([fos, elk, apart, batf]) == (batf, elk, apart)


def test_hits_without_family_meet_only_their_own_name() -> None:
    first, again, other = hit("X", 0, 10, 9.0), hit("X", 5, 15, 8.0), hit("Y", 5, 15, 7.0)
    assert best_of_family([first, again, other]) == (first, other)


def test_a_hit_lost_to_a_lost_hit_stays() -> None:
    # b loses to a, and c overlaps only b: c stays, as greedy selection by score has it.
    a, b, c = hit("A", 0, 10, 9.0, "F"), hit("B", 5, 15, 8.0, "F"), hit("C", 12, 20, 7.0, "F")
    assert best_of_family([c, b, a]) == (a, c)


@given(bases.flatmap(lambda sequence: st.lists(hits(len(sequence)), max_size=12)))
def test_best_of_family_ignores_order_and_is_idempotent(found: list[MotifHit]) -> None:
    kept = best_of_family(found)
    assert best_of_family(kept) == kept
    assert {(h.start, h.end, round(h.score, 2)) for h in best_of_family(found[::-1])} == {
        (h.start, h.end, round(h.score, 2)) for h in kept
    }


def test_hits_alike_but_for_their_family_are_kept_whatever_their_order() -> None:
    first, second, third = hit("X", 1, 6, 5.0, "A"), hit("X", 1, 6, 5.0, "A", "B"), hit("X", 2, 7, 5.0, "B")
    assert best_of_family([first, second, third]) == best_of_family([third, second, first]) == (first, third)


@given(cards())
def test_text_and_json_parse_back(card: Card) -> None:
    assert parse_card(render_card(card)) == card
    assert read_card(json.loads(json.dumps(card_object(card)))) == card


@given(cards())
def test_json_meets_its_schema(card: Card) -> None:
    jsonschema.validate(json.loads(json.dumps(card_object(card))), card_schema())


@given(bases.flatmap(lambda sequence: st.tuples(st.just(sequence), st.lists(hits(len(sequence)), max_size=12))))
def test_paper_layout_parses_back_and_holds_no_evidence(pair: tuple[str, list[MotifHit]]) -> None:
    card = paper_card(pair[0], "HepG2", pair[1])
    text = render_card(card)
    assert parse_card(text) == card
    for word in ("Contribution", "Estimate", "Matrix", "CpG", "Known"):
        assert word not in text


def test_the_papers_layout_to_the_letter() -> None:
    found = hit("ELK1", 4, 14, 12.345, "Ets-related")
    assert render_card(paper_card("ACGTACGTACGTACGTACGT", "K562", [found])) == (
        "Context:\n- Cell Type: K562\n- GC Content: 0.500\n\nIdentified Motifs:\n"
        "- ELK1 (Family: Ets-related, Score: 12.35, Strand: +, Pos: 5-14)\n\n"
        "DNA Sequence:\nACGTACGTACGTACGTACGT (Total Length: 20)"
    )


def test_hash_names_content() -> None:
    card = build_card("ACGT" * 10, "K562", [], {}, 0.5)
    assert card_hash(card) == card_hash(build_card("ACGT" * 10, "K562", [], {}, 0.5))
    assert card_hash(card) != card_hash(replace(card, cell_type="HepG2"))


def test_evidence_sums_what_the_card_states() -> None:
    found = [
        replace(hit("A", 0, 8, 9.0, "F"), contribution=0.204),
        replace(hit("B", 9, 17, 8.0, "G"), contribution=-0.1),
    ]
    card = build_card("ACGT" * 10, "K562", found, {"A": TfEffect(0.12345, 0.04321)}, 1.23456)
    assert card.evidence is not None
    assert (card.evidence.raising, card.evidence.lowering, card.evidence.estimate) == (0.2, -0.1, 1.23)
    assert card.effects == (TfEffect(0.123, 0.043), None)


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda text: text.replace("GC Content: 0.500", "GC Content: 0.600"), "GC Content"),
        (lambda text: text.replace("Total Length: 40", "Total Length: 41"), "Total Length"),
        (lambda text: text.replace("Identified Motifs:", "Motifs:"), "layout"),
        (lambda text: text.replace("- Cell Type: K562\n", ""), "Cell Type"),
        (lambda text: text.replace("Strand: +", "Strand: ?"), "motif line"),
    ],
)
def test_damaged_text_is_refused_in_one_line(damage, word: str) -> None:  # type: ignore[no-untyped-def]
    text = render_card(paper_card("ACGT" * 10, "K562", [hit("A", 0, 8, 9.0, "F")]))
    with pytest.raises(CardError, match=word) as caught:
        parse_card(damage(text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("plain", [[], {}, {"version": "0"}, {"version": "1"}, {"version": "1", "hits": 3}])
def test_json_of_another_shape_is_refused(plain: object) -> None:
    with pytest.raises(CardError):
        read_card(plain)  # type: ignore[arg-type]
