from __future__ import annotations

import pytest
from card_helpers import bases, cards, hit, hits
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.build import paper_card
from cistrace.cards.card import Card
from cistrace.cards.text import parse_card, render_card
from cistrace.errors import CardError
from cistrace.motifs.hit import MotifHit


@given(cards())
def test_text_parses_back(card: Card) -> None:
    assert parse_card(render_card(card)) == card


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


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x1c"])
def test_marks_of_line_ends_in_a_name_part_no_line(mark: str) -> None:
    card = paper_card("ACGTACGTACGTACGTACGT", f"my{mark}cells", [hit("ELK1", 4, 14, 12.345, "Ets-related")])
    assert parse_card(render_card(card)) == card
