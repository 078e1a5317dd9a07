"""Text that goes to a terminal: nothing in it can steer one."""

from __future__ import annotations

import io
import sys
import unicodedata
from pathlib import Path
from typing import TextIO, cast

from cistrace.errors import OutputError

_KEPT_ON_TERMINAL = "\n\t"
_LINE_ENDS = str.maketrans({"\n": "\\n", "\t": "\\t", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control and invisible characters but line breaks and tabs as escapes."""
    if text.isprintable():
        return text
    return "".join(letter if _harmless(letter) else letter.encode("unicode_escape").decode() for letter in text)


def _harmless(letter: str) -> bool:
    return letter in _KEPT_ON_TERMINAL or unicodedata.category(letter)[0] not in "C"


def one_line(text: str) -> str:
    """Like `printable`, with line ends and tabs as escapes too."""
    return printable(text).translate(_LINE_ENDS)


def elided(text: str, width: int) -> str:
    """Text in at most `width` columns of a terminal: its middle gives way to an ellipsis, both ends stay.

    Letters that take two columns (CJK, emoji) count as two.
    """
    from rich.cells import cell_len

    if cell_len(text) <= width:
        return text
    head, tail, left = 0, len(text), max(width - 1, 0)
    while head < tail and cell_len(text[: head + 1]) <= (left + 1) // 2:
        head += 1
    while head < tail and cell_len(text[:head]) + cell_len(text[tail - 1 :]) <= left:
        tail -= 1
    return f"{text[:head]}…{text[tail:]}" if width > 0 else ""


def to_terminal(path: Path | None) -> bool:
    """Whether results would go to a terminal."""
    return path is None and sys.stdout is not None and sys.stdout.isatty()


class _TerminalText(io.TextIOBase):
    """A terminal on which no text can do more than be read."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    def write(self, text: str) -> int:
        self._terminal.write(printable(text))
        return len(text)

    def flush(self) -> None:
        self._terminal.flush()


def standard_output() -> TextIO:
    """Standard output as UTF-8 with `\\n` line ends; on a terminal through `printable`.

    Raises
    ------
    OutputError
        It is closed.
    """
    if sys.stdout is None:
        raise OutputError("standard output: is closed; expected a place for the results; name a file with -o")
    if sys.stdout.isatty():
        return cast(TextIO, _TerminalText(sys.stdout))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    return sys.stdout
