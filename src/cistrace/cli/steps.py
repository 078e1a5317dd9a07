"""Progress of work in several steps, each of its own length."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Self

from cistrace.cli.progress import Progress
from cistrace.io.count import RecordCount


class Steps:
    """Shows the step at hand while in its `with` block; called with what is done, how much of it, of how much."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._what, self._done = "", 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def __call__(self, what: str, done: int, total: int) -> None:
        if what != self._what:
            self._open.close()
            self._progress = self._open.enter_context(Progress(what, RecordCount(total, True)))
            self._what, self._done = what, 0
        self._progress.advance(done - self._done)
        self._done = done
