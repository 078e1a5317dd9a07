"""Rows of CSV and TSV that every reader takes for what they were."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from typing import TextIO


def row_writer(out: TextIO, delimiter: str = ",") -> Callable[[Iterable[object]], object]:
    """What writes a row, ended by `\\n`; a field with a delimiter, a quotation mark or a line end is quoted.

    Before Python 3.13 the csv module quotes a carriage return only where lines end in one, and readers take a bare one
    for a line's end.
    """
    return csv.writer(_Lines(out), delimiter=delimiter, lineterminator=_Lines.END).writerow


class _Lines:
    END = "\r\n"

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, row: str) -> int:
        return self._out.write(row.removesuffix(self.END) + "\n")
