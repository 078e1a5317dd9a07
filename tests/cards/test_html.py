from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

from card_helpers import a_told_card, an_evidence_card, cards
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.build import paper_card
from cistrace.cards.card import Card
from cistrace.cards.html import HEIGHT, WIDTH, card_html, html_table
from cistrace.cards.text import render_tag
from cistrace.plots.colours import LOWERS, RAISES

NASTY = '<script>alert("1")</script>&\'x'


class Reader(HTMLParser):
    """Tags that are open, in order, and cells of tables."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag not in ("line",):
            self.open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "td":
            self.cells[-1] += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html.replace("/>", ">"))
    assert reader.open == []
    return reader


@given(cards())
def test_every_site_is_drawn_within_the_picture_and_told_in_the_table(card: Card) -> None:
    html = card_html(card)
    cells = read(html).cells
    assert len(cells) == 10 * len(card.sites)
    boxes = [tuple(map(float, box)) for box in re.findall(r'<rect x="([\d.]+)" y="(\d+)" width="([\d.]+)"', html)]
    assert len(boxes) == len(card.sites)
    for x, y, width in boxes:
        assert x + width <= WIDTH + 0.11 and y + 12 <= HEIGHT
    for number, site in enumerate(card.sites):
        row = cells[10 * number : 10 * number + 10]
        assert row[:6] == [
            f"m{number + 1}", site.tf, site.archetype, site.matrix_id, f"{site.start + 1}-{site.end}", site.strand,
        ]  # fmt: skip
        assert row[8] == ("" if site.amount is None else f"{site.amount:+.2f}")
    assert all(render_tag(tag) in unescape(html) for tag in card.tags)
    assert "-0.00" not in html


def test_what_raises_is_red_what_lowers_is_blue_and_the_rest_grey() -> None:
    card = an_evidence_card()
    colours = re.findall(r'fill="(#\w+)"[^>]*><title>(\w+) ', card_html(card))
    assert dict((name, colour) for colour, name in colours) == {"ELK1": RAISES, "FOXA1": LOWERS}
    untold = replace(card, sites=tuple(replace(site, amount=None) for site in card.sites))
    assert set(re.findall(r'fill="(#\w+)"', card_html(untold))) == {"#888888"}


def test_a_site_of_no_amount_says_nothing_and_one_of_nothing_says_so() -> None:
    card = an_evidence_card()
    sites = (replace(card.sites[0], amount=None), replace(card.sites[1], amount=0.0))
    assert [cell for cell in read(card_html(replace(card, sites=sites))).cells[8::10]] == ["", "+0.00"]


def test_a_ledger_is_told_in_words() -> None:
    assert "backdrop +0.25, rest +0.07, total +0.53" in card_html(an_evidence_card())
    assert "backdrop" not in card_html(paper_card("ACGT" * 10, "K562", []))


@given(st.text(max_size=20) | st.just(NASTY))
def test_names_are_escaped_wherever_they_stand(name: str) -> None:
    card = an_evidence_card()
    sites = tuple(replace(site, tf=name, archetype=name, matrix_id=name, others=(name,)) for site in card.sites)
    found = read(card_html(replace(card, cell_type=name, sites=sites)))
    assert found.tags == {"div", "b", "svg", "line", "rect", "title", "table", "thead", "tbody", "tr", "th", "td"}
    plain = paper_card("ACGT" * 10, name, [])
    assert "script" not in read(card_html(plain)).tags


def test_a_paper_cards_hits_are_drawn_in_grey() -> None:
    hits = an_evidence_card().hits
    html = card_html(paper_card("ACGTTGCATC" * 20, "K562", hits))
    assert read(html).cells == [
        "m1", "ELK1", "Ets-related", "11-20", "+", "14.20", "m2", "FOXA1", "FOX", "41-52", "-", "12.00",
    ]  # fmt: skip
    assert re.findall(r'fill="(#\w+)"', html) == ["#888888", "#888888"]


def test_a_card_of_nothing_is_a_line() -> None:
    found = read(card_html(a_told_card("A" * 20, [], [], 0.0, 0.0)))
    assert found.cells == [] and "rect" not in found.tags


def test_a_table_is_escaped() -> None:
    assert html_table(["<a>"], [["&"]]) == (
        "<table><thead><tr><th>&lt;a&gt;</th></tr></thead><tbody><tr><td>&amp;</td></tr></tbody></table>"
    )
