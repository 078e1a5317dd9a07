"""How far a command has come, on stderr: how many of how many, how fast, how long it will still take.

In a terminal that is one line, which is gone whenever results are printed and at the end. Elsewhere (a log, a file) it
is a plain line every `EVERY` seconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self, TypeVar

from cistrace.io.count import RecordCount
from cistrace.io.terminal import printable

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live
    from rich.text import Text

EVERY = 20.0  # seconds between two plain lines
REFRESHED = 4  # times a second

_Item = TypeVar("_Item")


class OnStderr:
    """What follows long work on stderr: redrawn in a terminal while in its `with` block, plain lines elsewhere.

    Parameters
    ----------
    drawn : callable
        What stands in the terminal, as rich draws it.
    """

    def __init__(self, drawn: Callable[[], RenderableType]) -> None:
        self._drawn = drawn
        self._said = time.monotonic()
        self.live: Live | None = None

    def __enter__(self) -> Self:
        if sys.stderr is not None and sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            self.live = Live(
                get_renderable=self._drawn, console=Console(stderr=True), transient=True,
                refresh_per_second=REFRESHED, redirect_stdout=False,
            )  # fmt: skip
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live is not None:
            self.live.stop()

    def is_due(self) -> bool:
        """Whether there is no terminal, and the last plain line is a while ago."""
        return self.live is None and sys.stderr is not None and time.monotonic() - self._said >= EVERY

    def say(self, state: str) -> None:
        """Print a plain line."""
        self._said = time.monotonic()
        with suppress(OSError):  # nobody reads it: no reason to stop
            print(printable(f"cistrace: {state}"), file=sys.stderr, flush=True)


class Progress:
    """Counts what is done and shows it while in its `with` block.

    Parameters
    ----------
    what : str
        What is counted, in the plural.
    total : RecordCount or None
        None where it cannot be known.
    """

    def __init__(self, what: str, total: RecordCount | None = None) -> None:
        self._what = what
        self._total = total
        self._done = self._within = 0.0
        self._before = 0.0  # done by an earlier run: no part of the speed
        self._began = time.monotonic()
        self._shown = OnStderr(self._line)

    def __enter__(self) -> Self:
        self._shown.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.__exit__()

    def skip(self, count: float) -> None:
        """Count what an earlier run had done."""
        self._before += count
        self._done += count

    def advance(self, count: float = 1) -> None:
        """Count what is done for good; what was counted by `within` is part of it."""
        self._done += count
        self._within = 0.0
        self._say()

    def within(self, count: float, most: float) -> None:
        """Count a part of what `advance` will count at once, `most` at the most."""
        self._within = min(self._within + count, most)
        self._say()

    def track(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """Pass items through and count each once it has been dealt with."""
        for item in items:
            yield item
            self.advance()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the terminal to results."""
        live = self._shown.live
        if live is None:
            yield
            return
        live.stop()
        try:
            yield
        finally:
            live.start()

    def _say(self) -> None:
        if self._shown.is_due():
            self._shown.say(self.state())

    def _line(self) -> Text:
        from rich.text import Text

        return Text(self.state(), style="dim", no_wrap=True, overflow="ellipsis")

    def state(self) -> str:
        """In words: `1,200 of 10,000 sequences, 35/s, 4 min left`."""
        done, total = self._done + self._within, self._total
        passed = time.monotonic() - self._began
        count = f"{int(done):,}"
        if total is not None:
            count += f" of {'' if total.exact else 'about '}{max(total.records, int(done)):,}"
        parts = [f"{count} {self._what}"]
        rate = (done - self._before) / passed if passed > 0 else 0.0
        if rate > 0:
            parts.append(f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s" if rate >= 1 else f"{60 * rate:.1f}/min")
            if total is not None:
                parts.append(f"{duration(max(0.0, total.records - done) / rate)} left")
        return ", ".join(parts)


def tracked(items: Iterable[_Item], what: str, total: int | None = None) -> Iterator[_Item]:
    """The `io.track.Track` of all commands: a `Progress` while the stream lasts."""
    with Progress(what, None if total is None else RecordCount(total, True)) as progress:
        yield from progress.track(items)


def duration(seconds: float) -> str:
    """Seconds in two units at most: `45 s`, `4 min`, `2 h 10 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60:,} h {minutes % 60} min"
