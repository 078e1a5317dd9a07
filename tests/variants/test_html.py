"""Effects in a notebook."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from variant_helpers import small_scorer, substitution


class Tags(HTMLParser):
    """Collects tags and text; fails where a tag does not close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_row_trace_and_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = small_scorer(tmp_path, monkeypatch)
    (effect,) = scorer.score(substitution(200), "A")
    hostile = replace(effect, variant=replace(effect.variant, contig="<script>alert(1)</script>\x1b"))
    page = Tags()
    page.feed(hostile._repr_html_())
    text = "".join(page.text)
    assert page.open == [] and "script" not in page.tags and "\x1b" not in text and "<script>" in text
    assert page.tags.count("details") == 3 and "Verified: all" in text and f"{effect.difference:+.3f}" in text
    (plain,) = scorer.score(substitution(200), "A", trace=False)
    assert "details" not in plain._repr_html_()
