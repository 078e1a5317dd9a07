"""Text that goes to a terminal: nothing in it can steer one."""

from __future__ import annotations

import io
import sys
import unicodedata
from pathlib import Path
from typing import TextIO, cast

from cistrace.errors import OutputError

_KEPT_ON_TERMINAL = "\n\t"


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control and invisible characters but line breaks and tabs as escapes."""
    if text.isprintable():
        return text
    return "".join(letter if _harmless(letter) else letter.encode("unicode_escape").decode() for letter in text)


def _harmless(letter: str) -> bool:
    return letter in _KEPT_ON_TERMINAL or unicodedata.category(letter)[0] not in "C"


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
