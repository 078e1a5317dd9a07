"""Text for a terminal cannot steer it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cistrace.io.terminal import printable


@given(st.text())
def test_nothing_printable_steers_a_terminal(text: str) -> None:
    assert all(letter.isprintable() or letter in "\n\t \u2028\u2029" or letter.isspace() for letter in printable(text))


def test_printable_leaves_plain_text_alone() -> None:
    assert printable("plain ä€😀\n\ttext") == "plain ä€😀\n\ttext"
    assert printable("\x1b[31m\r\u202e\x9b") == "\\x1b[31m\\r\\u202e\\x9b"
