"""Where the work of a command is done: blocks go to a stage somewhere, rows come back in the order of the blocks."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain, islice
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from cistrace.engines.cores import cores
from cistrace.engines.stage import Stage
from cistrace.engines.workers import Workers

_Task = TypeVar("_Task")
_Row = TypeVar("_Row")
_Opened = TypeVar("_Opened")


class Engine(Protocol):
    """Does stages' work on blocks. Used in a `with` block, at whose end what it started ends."""

    @property
    def threads(self) -> int | None:
        """With how many threads a stage is to be made that spreads its work; None for all cores."""

    def place(self, device: str | None) -> str | None:
        """The device on which stages compute: `auto` made a name, all else as it is.

        Raises
        ------
        InputError
            None such where the work is done.
        """

    def crew(self, device: str) -> str:
        """Who computes on the device, in words that follow its name."""

    def opened(self, stage: Stage[Any, Any, _Opened]) -> _Opened:
        """What a stage works with, opened in this process too, to be asked about it."""

    def map(self, stage: Stage[_Task, _Row, Any], tasks: Iterable[_Task]) -> Iterator[tuple[_Task, Iterable[_Row]]]:
        """Every block with its rows, in the order of the blocks, of which few are taken from the stream beforehand.

        Raises
        ------
        WorkerError
            Workers were lost again and again.
        CistraceError
            What the stage raises.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class LocalEngine:
    """This machine: a stage that spreads works in this process, with threads; another one in a process a core.

    Parameters
    ----------
    threads : int, optional
        Cores to use; all that this process may use unless given.
    choose : callable, optional
        Gives the device for `auto`, and checks others.
    """

    def __init__(self, threads: int | None = None, choose: Callable[[str | None], str | None] | None = None) -> None:
        self.threads = threads
        self._choose = choose
        self._workers = Workers(threads or cores())

    def place(self, device: str | None) -> str | None:
        """See `Engine.place`."""
        return device if self._choose is None else self._choose(device)

    def crew(self, device: str) -> str:
        """See `Engine.crew`: threads, of processors alone."""
        number = self._workers.processes
        return f", {number} thread{'' if number == 1 else 's'}" if device == "cpu" else ""

    def opened(self, stage: Stage[Any, Any, _Opened]) -> _Opened:
        """See `Engine.opened`; a stage that spreads works with the very same."""
        return stage.opened

    def map(self, stage: Stage[_Task, _Row, Any], tasks: Iterable[_Task]) -> Iterator[tuple[_Task, Iterable[_Row]]]:
        """See `Engine.map`."""
        if not stage.spreads and self._workers.processes > 1:
            stream = iter(tasks)
            head = list(islice(stream, 2))
            if len(head) == 2:  # a single block is done before a second process could start
                return self._apart(stage, chain(head, stream))
            tasks = head
        return ((task, stage.work(task)) for task in tasks)

    def _apart(self, stage: Stage[_Task, _Row, Any], tasks: Iterable[_Task]) -> Iterator[tuple[_Task, Iterable[_Row]]]:
        ahead: deque[_Task] = deque()

        def noted() -> Iterator[_Task]:
            for task in tasks:
                ahead.append(task)
                yield task

        for rows in self._workers.map(PackedStage(stage), noted()):
            yield ahead.popleft(), rows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._workers.close()


class PackedStage:
    """A stage as bytes: packed once, however often it is sent, and opened once in every process that it comes to."""

    def __init__(self, stage: Stage[Any, Any, Any]) -> None:
        self._bytes = pickle.dumps(stage)

    def __call__(self, task: Any) -> list[Any]:
        """The rows of a block, whole."""
        return list(_unpacked(self._bytes).work(task))


@lru_cache(maxsize=4)
def _unpacked(packed: bytes) -> Stage[Any, Any, Any]:
    return pickle.loads(packed)  # our own, from the process that started this one
