"""Stages that engines of all kinds can send elsewhere, and what they do wrong on purpose."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cistrace.engines.stage import STAYS, Stage
from cistrace.errors import ModelError, RecordError


@dataclass(frozen=True, eq=False)
class Doubling(Stage[list[int], int, int]):
    """Numbers times what it opens, 2; takes its time over blocks that begin with a number of `slow`."""

    factor: int = 2
    slow: tuple[int, ...] = ()
    heard: Callable[[int], None] | None = field(default=None, metadata=STAYS)

    def open(self) -> int:
        return self.factor

    def work(self, task: list[int]) -> Iterator[int]:
        time.sleep(0.3 if task[0] in self.slow else 0)
        for number in task:
            if self.heard is not None:
                self.heard(number)
            yield self.opened * number


@dataclass(frozen=True, eq=False)
class Spreading(Doubling):
    """As `Doubling`, by threads of its own."""

    spreads = True


@dataclass(frozen=True, eq=False)
class Refusing(Stage[list[int], int, None]):
    """Refuses blocks that hold a 3 as reading refuses a record."""

    def open(self) -> None:
        return None

    def work(self, task: list[int]) -> list[int]:
        if 3 in task:
            raise RecordError("three", "found 3, expected another number; leave it out", "numbers")
        return task


@dataclass(frozen=True, eq=False)
class Absent(Stage[list[int], int, None]):
    """Cannot be opened."""

    def open(self) -> None:
        raise ModelError("nowhere: no such folder; expected a model; check the path")

    def work(self, task: list[int]) -> list[int]:
        assert self.opened is None
        return task


@dataclass(frozen=True, eq=False)
class Dying(Stage[list[int], int, None]):
    """Kills its process at a 3: once where `mark` can be made, else every time."""

    mark: Path | None = None

    def open(self) -> None:
        return None

    def work(self, task: list[int]) -> list[int]:
        if 3 in task and (self.mark is None or not self.mark.exists()):
            if self.mark is not None:
                self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return task


@dataclass(frozen=True, eq=False)
class WhereAmI(Stage[list[int], tuple[int, str | None], None]):
    """Which process works, and how many threads it is allowed."""

    def open(self) -> None:
        return None

    def work(self, task: list[int]) -> list[tuple[int, str | None]]:
        time.sleep(0.05)
        return [(os.getpid(), os.environ.get("OMP_NUM_THREADS"))]
