"""Shards of a file, for array jobs: stretches of its records that follow each other and are all of it, of like size."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Self, TypeVar

from cistrace.errors import InputError
from cistrace.io.count import count_records
from cistrace.io.streams import STDIN, input_name

MOST = 1_000_000
_WRITTEN = re.compile(r"([0-9]{1,7})/([0-9]{1,7})")

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Records from one place up to another.

    Attributes
    ----------
    start : int
        0-based.
    stop : int or None
        0-based, not included; None is the end of the file.
    """

    start: int
    stop: int | None

    def of(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """Those of a stream; nothing is taken of it behind them."""
        return islice(items, self.start, self.stop)


WHOLE = Stretch(0, None)


@dataclass(frozen=True, slots=True)
class Shard:
    """The `number`-th of `count` shards, from 1."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `2/8`.

        Raises
        ------
        InputError
            The text is no such pair, or its first number not from 1 to the second.
        """
        found = _WRITTEN.fullmatch(text.strip())
        number, count = map(int, found.groups()) if found else (0, 0)
        if not 1 <= number <= count <= MOST:
            raise InputError(
                f"shard {text!r}: expected I/N with I from 1 to N, N at most {MOST:,}, such as 2/8; write it so"
            )
        return cls(number, count)

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def stretch(self, records: int) -> Stretch:
        """Where the shard lies among `records`; the last one ends with the file, whatever was counted."""
        last = self.number == self.count
        return Stretch((self.number - 1) * records // self.count, None if last else self.number * records // self.count)

    def of_file(self, path: str | Path) -> Stretch:
        """Where the shard lies in a file of sequences, all of which is counted first.

        A count that is a little off, as of tables whose fields hold line ends, makes shards of unlike size, and no
        record is lost or doubled: every shard counts the same.

        Raises
        ------
        InputError
            What cannot be read twice.
        """
        check_sharded(path)
        found = count_records(path, float("inf"))
        if found is not None:
            return self.stretch(found.records)
        # Nothing there, or not to be read: reading to the end says why, and every shard is to hear it.
        return WHOLE if self.number == self.count else Stretch(sys.maxsize, None)


def check_sharded(path: str | Path) -> None:
    """Refuse to part what cannot be read twice.

    Raises
    ------
    InputError
        Standard input, or a pipe.
    """
    if str(path) == STDIN or (Path(path).exists() and not Path(path).is_file()):
        raise InputError(
            f"{input_name(path)}: cannot be parted into shards, as its records are counted first; expected a file; "
            "save it as one"
        )
