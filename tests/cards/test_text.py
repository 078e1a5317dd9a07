from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from card_helpers import a_told_card, an_evidence_card, bases, cards, hit, hits
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.backdrop import CompositionLine
from cistrace.cards.build import paper_card
from cistrace.cards.card import Card, TfEffect
from cistrace.cards.text import parse_card, render_card, render_tag
from cistrace.errors import CardError
from cistrace.motifs.hit import MotifHit


@given(cards())
def test_text_parses_back_but_for_hits(card: Card) -> None:
    """An evidence card's text lists its sites alone."""
    assert parse_card(render_card(card)) == replace(card, hits=())


@given(bases.flatmap(lambda sequence: st.tuples(st.just(sequence), st.lists(hits(len(sequence)), max_size=12))))
def test_paper_layout_parses_back_and_holds_no_evidence(pair: tuple[str, list[MotifHit]]) -> None:
    card = paper_card(pair[0], "HepG2", pair[1])
    text = render_card(card)
    assert parse_card(text) == card
    for word in ("Amount", "Sites", "Total:", "Backdrop", "Rest", "Interplay", "Archetype", "Matrix", "CpG", "Known"):
        assert word not in text


def test_the_papers_layout_to_the_letter() -> None:
    found = hit("ELK1", 4, 14, 12.345, "Ets-related")
    assert render_card(paper_card("ACGTACGTACGTACGTACGT", "K562", [found])) == (
        "Context:\n- Cell Type: K562\n- GC Content: 0.500\n\nIdentified Motifs:\n"
        "- ELK1 (Family: Ets-related, Score: 12.35, Strand: +, Pos: 5-14)\n\n"
        "DNA Sequence:\nACGTACGTACGTACGTACGT (Total Length: 20)"
    )


def joined_card() -> Card:
    """Three sites, two of which are told, with interplay; the third stands among the rest."""
    found = [
        MotifHit("MA0035.5", "GATA1", frozenset({"GATA"}), 0, 7, "+", 9.5, 1.25e-5),
        MotifHit("MA0079.5", "SP1", frozenset({"KLF"}), 10, 19, "-", 12.345, 2e-7),
        MotifHit("MA0741.1", "KLF16", frozenset({"KLF"}), 11, 20, "-", 8.0, 4e-6),
        MotifHit("MA9999.1", "XYZ", frozenset(), 30, 40, "+", 7.0, 4.999e-5),
    ]
    line = CompositionLine(-0.25, 0.5, 0.0)
    return a_told_card("ACGT" * 10, found, [0.3, -0.05], -0.1, 0.5, {"SP1": TfEffect(0.2, 0.02)}, line, 0.4)


def test_the_layout_of_evidence_to_the_letter() -> None:
    assert render_card(joined_card()) == (
        "Context:\n- Cell Type: K562\n- GC Content: 0.500\n- CpG Observed/Expected: 4.00\n- Low Complexity: 1.00\n"
        "- Ambiguous Letters: 0\n- Grammar Tags: pair GATA + SP/KLF m1 m2 (3 bp)\n"
        "- Backdrop: -0.10 (GC and CpG +0.00, other bases -0.10)\n- Interplay: m1 m2 +0.40\n- Rest: +0.35\n"
        "- Total: +0.50 by towers, level 2\n\nIdentified Sites:\n"
        "- SP1 (Archetype: SP/KLF, Score: 12.35, Strand: -, Pos: 11-20, Matrix: MA0079.5, P: 2.00e-07, "
        "Amount: -0.25, Known Effect: +0.200 (SE 0.020), Others: KLF16)\n"
        "- GATA1 (Archetype: GATA, Score: 9.50, Strand: +, Pos: 1-7, Matrix: MA0035.5, P: 1.25e-05, Amount: +0.10)\n"
        "- XYZ (Archetype: XYZ, Score: 7.00, Strand: +, Pos: 31-40, Matrix: MA9999.1, P: 5.00e-05)\n\n"
        f"DNA Sequence:\n{'ACGT' * 10} (Total Length: 40)"
    )


def test_a_tag_names_its_members_in_the_cards_order() -> None:
    (tag,) = joined_card().tags
    assert render_tag(tag) == "pair GATA + SP/KLF m1 m2 (3 bp)"


def replaced(old: str, new: str) -> Callable[[str], str]:
    def damage(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return damage


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (replaced("GC Content: 0.500", "GC Content: 0.600"), "found GC Content 0.600, expected 0.500"),
        (replaced("Total Length: 40", "Total Length: 41"), "Total Length"),
        (replaced("Identified Motifs:", "Motifs:"), "layout"),
        (replaced("- Cell Type: K562\n", ""), "Cell Type"),
        (replaced("Strand: +", "Strand: ?"), "motif line"),
        (replaced("9.00", "9.0.0"), "motif line"),
        (replaced("Pos: 1-8", "Pos: 0-8"), r"hits\[0\]: found -1 to 8, expected a stretch of its 40 bases"),
        (replaced("Pos: 1-8", "Pos: 1-41"), r"hits\[0\]: found 0 to 41"),
        (replaced("\n\nId", "\n- Strength: high\n\nId"), "found Strength high, expected no such line"),
        (
            replaced("\n\nId", "\n- Grammar Tags: pair FOX + HNF4 m1 m2 (3 bp)\n\nId"),
            r"tags\[0\].members: found 1, expected places in its 1",
        ),
    ],
)
def test_damaged_text_is_refused_in_one_line(damage: Callable[[str], str], word: str) -> None:
    text = render_card(paper_card("ACGT" * 10, "K562", [hit("A", 0, 8, 9.0, "F")]))
    with pytest.raises(CardError, match=word) as caught:
        parse_card(damage(text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (replaced("Rest: +0.35", "Rest: +0.36"), "found Rest +0.36, expected +0.35"),
        (replaced("- Rest: +0.35\n", ""), "found Rest nowhere, expected +0.35"),
        (replaced("Amount: +0.10", "Amount: +0.11"), "found Rest +0.35, expected +0.34"),
        (replaced(", Amount: +0.10", ""), "found Rest +0.35, expected +0.45"),
        (replaced("Backdrop: -0.10", "Backdrop: +9.10"), "found Backdrop +9.10"),
        (replaced("other bases -0.10", "other bases -0.20"), "found Backdrop -0.10"),
        (replaced("Total: +0.50 by towers, level 2", "Total: +0.50"), "ledger lines are incomplete"),
        (replaced("- Backdrop", "- Background"), "ledger lines are incomplete"),
        (replaced("Interplay: m1 m2", "Interplay: m1, m2"), "ledger lines are incomplete"),
        (replaced("Interplay: m1 m2", "Interplay: m1 m4"), "ledger.interplay.sites: found 0, 3, expected two places"),
        (replaced("Interplay: m1 m2", "Interplay: m2 m1"), "ledger.interplay.sites: found 1, 0"),
        (replaced("SP/KLF m1 m2 (", "SP/KLF m1 m4 ("), "tags[0].members: found 3, expected places in its 3"),
        (
            replaced("SP/KLF m1 m2 (", "SP/KLF m1 m2 m3 ("),
            "tags[0].members: found [0, 1, 2], expected the two of a pair",
        ),
        (replaced("Pos: 1-7", "Pos: 5-11"), "sites: found 4 to 11 and 10 to 20, expected no shared base"),
        (
            replaced("Observed/Expected: 4.00", "Observed/Expected: 0.10"),
            "found CpG Observed/Expected 0.10, expected 4.00",
        ),
        (replaced("Archetype: GATA,", "Family: GATA,"), "found site line"),
        (replaced("P: 1.25e-05", "P: rare"), "found site line"),
    ],
)
def test_damaged_evidence_is_refused_in_one_line(damage: Callable[[str], str], word: str) -> None:
    with pytest.raises(CardError) as caught:
        parse_card(damage(render_card(joined_card())))
    assert str(caught.value).startswith(f"card: {word}")
    assert "\n" not in str(caught.value)


@given(st.data())
def test_a_changed_digit_of_the_ledger_never_reads_back_as_the_same_sum(data: st.DataObject) -> None:
    """What reads back at all is another card that adds up."""
    text = render_card(joined_card())
    figures = [at for at, letter in enumerate(text[: text.index("Identified")]) if letter.isdigit()]
    at = data.draw(st.sampled_from(figures))
    damaged = text[:at] + data.draw(st.sampled_from([one for one in "0123456789" if one != text[at]])) + text[at + 1 :]
    try:
        card = parse_card(damaged)
    except CardError:
        return
    assert render_card(card) == damaged and card != replace(joined_card(), hits=())


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x1c"])
def test_marks_of_line_ends_in_a_name_part_no_line(mark: str) -> None:
    card = paper_card("ACGTACGTACGTACGTACGT", f"my{mark}cells", [hit("ELK1", 4, 14, 12.345, "Ets-related")])
    assert parse_card(render_card(card)) == card


@pytest.mark.parametrize("name", ["a: b", "T, Score: 1", "pair", "m1", "H1.0", "ZNF (C2H2) like", "β"])
def test_odd_names_of_cells_factors_and_sources_come_back(name: str) -> None:
    card = an_evidence_card()
    assert card.ledger is not None
    odd = replace(
        card, hits=(), cell_type=name, ledger=replace(card.ledger, source=name),
        sites=tuple(replace(site, tf=name, archetype=name) for site in card.sites),
    )  # fmt: skip
    assert parse_card(render_card(odd)) == odd
