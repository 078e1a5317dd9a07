"""Text for a terminal cannot steer it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cistrace.io.terminal import elided, one_line, printable


@given(st.text())
def test_nothing_printable_steers_a_terminal(text: str) -> None:
    assert all(letter.isprintable() or letter in "\n\t \u2028\u2029" or letter.isspace() for letter in printable(text))


def test_printable_leaves_plain_text_alone() -> None:
    assert printable("plain ä€😀\n\ttext") == "plain ä€😀\n\ttext"
    assert printable("\x1b[31m\r\u202e\x9b") == "\\x1b[31m\\r\\u202e\\x9b"


@given(st.text(), st.integers(1, 30))
def test_an_elided_text_fits_and_keeps_both_ends(text: str, width: int) -> None:
    found = elided(text, width)
    assert cell_len(found) <= max(width, 1)
    if cell_len(text) <= width:
        assert found == text
    else:
        head, _, tail = found.partition("…")
        assert text.startswith(head) and text.endswith(tail)


def test_an_elided_id_loses_its_middle() -> None:
    assert elided("chr5_15796630_hESCT0", 11) == "chr5_…SCT0"[:5] + "…" + "ESCT0"
    assert elided("abc", 3) == "abc" and elided("abcd", 3) == "a…d" and elided("abcd", 1) == "…"


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
