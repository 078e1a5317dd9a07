"""How a search stands, on stderr: a few lines that follow it in a terminal, plain lines now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from cistrace.cli.progress import OnStderr, duration

if TYPE_CHECKING:
    from rich.table import Table

    from cistrace.design.search import Search

_TICKS = "▁▂▃▄▅▆▇█"
CURVE = 40  # rounds whose median reward is drawn


class SearchView:
    """Shows a search while in its `with` block.

    Parameters
    ----------
    search : Search
        Told of anew by `update`, after each round.
    """

    def __init__(self, search: Search) -> None:
        self._search = search
        self._began = time.monotonic()
        self._before = search.archive.calls  # made by an earlier run: no part of the speed
        self._medians: list[float] = []
        self._rows: list[tuple[str, str]] = []
        self._shown = OnStderr(self._table)

    def __enter__(self) -> Self:
        self._shown.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.__exit__()

    def update(self) -> None:
        """Tell of the round that was made; choosing the designs so far is left to when somebody is told."""
        if self._shown.live is not None:
            self._take_stock()
        elif self._shown.is_due() or (sys.stderr is not None and self._search.done):
            self._take_stock()
            self._shown.say(self.state())

    def _take_stock(self) -> None:
        from cistrace.design.archive import spread

        archive = self._search.archive
        places = self._search.chosen()
        rewards = sorted(archive.found[place].reward for place in places)
        self._medians.append(rewards[len(rewards) // 2] if rewards else float("nan"))
        moves = Counter(archive.found[place].move for place in places)
        self._rows = [
            ("round", f"{archive.rounds - 1:,}"),
            ("calls", f"{archive.calls:,} of {self._search.settings.calls:,}{self._left()}"),
            ("reward", f"best {rewards[-1]:.3f}, median {self._medians[-1]:.3f}" if rewards else "none yet"),
            ("designs", f"{len(places):,} of {self._search.settings.count:,} apart"),
            ("diversity", f"{spread(archive, places):.0%} of bases differ"),
            ("made by", ", ".join(f"{move} {count}" for move, count in moves.most_common())),
        ]

    def state(self) -> str:
        """In words, one line."""
        return "; ".join(f"{name} {value}" for name, value in self._rows)

    def _left(self) -> str:
        archive, passed = self._search.archive, time.monotonic() - self._began
        made = archive.calls - self._before
        if made <= 0 or passed <= 0:
            return ""
        seconds = max(0, self._search.settings.calls - archive.calls) * passed / made
        return f", {made / passed:.0f}/s, {duration(seconds)} left"

    def _table(self) -> Table:
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        for name, value in [*self._rows, ("median", curve(self._medians[-CURVE:]))]:
            table.add_row(name, value, style="dim")
        return table


def curve(values: Sequence[float]) -> str:
    """Numbers as a row of blocks of eight heights, the lowest and the highest of them the ends."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = high - low or 1.0
    return "".join(_TICKS[min(7, int(8 * (value - low) / span))] for value in values)
