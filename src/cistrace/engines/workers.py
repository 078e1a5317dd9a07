"""Processes that work side by side: results in order, few tasks ahead, one thread each, a lost process made up for."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Generic, Self, TypeVar

from cistrace.engines.cores import one_thread
from cistrace.errors import WorkerError

AHEAD = 3  # tasks a process that wait or are at work
LOSSES = 2  # processes lost in a row, with no result between, that end the work

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


@dataclass(slots=True)
class _Job(Generic[_Task, _Result]):
    """A task, and the future that was handed over for it, if it was."""

    task: _Task
    future: Future[_Result] | None = None


class Workers:
    """Processes that apply functions to tasks; within this process for one.

    They are started with the first task, afresh (`spawn`): a fork of a process in which torch has threads can hang. A
    program that uses them must guard its entry with `if __name__ == "__main__"`. Each computes with one thread, as
    there are as many processes as cores. Where one is lost (killed, memory gone) all are started again and
    what was at work is done again: functions must be pure, or at least bear to be repeated.

    Parameters
    ----------
    processes : int
        At least 1.
    """

    def __init__(self, processes: int) -> None:
        if processes < 1:
            raise ValueError(f"processes: found {processes}, expected at least 1")
        self.processes = processes
        self._pool: ProcessPoolExecutor | None = None

    def map(self, function: Callable[[_Task], _Result], tasks: Iterable[_Task]) -> Iterator[_Result]:
        """Results of all tasks, in their order; `AHEAD` tasks a process are taken from the stream beforehand.

        `function` must be importable by name, or a `functools.partial` of one that is.

        Raises
        ------
        WorkerError
            A process ended early where it started, or `LOSSES` times in a row with no result between.
        """
        if self.processes == 1:
            yield from map(function, tasks)
        else:
            for _, result in self._finished(function, tasks, self.processes * AHEAD, in_order=True):
                yield result

    def as_finished(
        self, function: Callable[[_Task], _Result], tasks: Iterable[_Task]
    ) -> Iterator[tuple[_Task, _Result]]:
        """Every task with its result, as they end; as many tasks as processes are under way.

        Raises
        ------
        WorkerError
            As `map`.
        """
        if self.processes == 1:
            yield from ((task, function(task)) for task in tasks)
        else:
            yield from self._finished(function, tasks, self.processes, in_order=False)

    def _finished(
        self, function: Callable[[_Task], _Result], tasks: Iterable[_Task], ahead: int, in_order: bool
    ) -> Iterator[tuple[_Task, _Result]]:
        stream = iter(tasks)
        jobs: deque[_Job[_Task, _Result]] = deque()
        try:
            while True:
                jobs.extend(_Job(task) for task in islice(stream, ahead - len(jobs)))
                if not jobs:
                    return
                job = self._next(function, jobs, in_order)
                assert job.future is not None
                jobs.remove(job)
                yield job.task, job.future.result()
        finally:
            for job in jobs:
                if job.future is not None:
                    job.future.cancel()

    def _next(
        self, function: Callable[[_Task], _Result], jobs: deque[_Job[_Task, _Result]], in_order: bool
    ) -> _Job[_Task, _Result]:
        """The next job that is done. Where a process was lost, the others have gone too: what they did begins again."""
        for lost in range(1, LOSSES + 1):
            try:
                for job in jobs:
                    if job.future is None:
                        job.future = self._started().submit(function, job.task)
                found = jobs[0] if in_order else _first_done(jobs)
                if found.future is not None:
                    found.future.result()
                return found
            except BrokenProcessPool as error:
                self.close()
                if lost == LOSSES:
                    raise self._loss("while it worked, twice; free memory, or use fewer threads") from error
                for job in jobs:
                    job.future = None
        raise AssertionError("the loop above returns or raises")

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.processes, mp_context=get_context("spawn"), initializer=_begin)
            # A worker dies as it starts in a program that does not guard its entry. Tasks in the pipe by then can fill
            # it and hang the parent (CPython issue 94777), so nothing is sent before one has answered.
            try:
                self._pool.submit(_answer).result()
            except BrokenProcessPool as error:
                self.close()
                how = "as it started; guard the program's entry with 'if __name__ == \"__main__\"', or use 1 thread"
                raise self._loss(how) from error
        return self._pool

    def _loss(self, how: str) -> WorkerError:
        return WorkerError(f"{self.processes} worker processes: found that one ended {how}")

    def close(self) -> None:
        """End the processes, if any were started; what has not begun is dropped. More tasks start new ones."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def blocks(items: Iterable[_Task], size: int) -> Iterator[list[_Task]]:
    """Lists of consecutive items, `size` each but for the last."""
    stream = iter(items)
    while block := list(islice(stream, size)):
        yield block


def _first_done(jobs: deque[_Job[_Task, _Result]]) -> _Job[_Task, _Result]:
    wait([job.future for job in jobs if job.future is not None], return_when=FIRST_COMPLETED)
    return next(job for job in jobs if job.future is not None and job.future.done())


def _begin() -> None:
    """In a process that starts: one thread, interrupts are the parent's to handle, and its end is this one's too.

    A worker that waits for a task holds both ends of the pipe: it would wait for ever for a parent that was killed.
    """
    one_thread()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, name="cistrace-parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _answer() -> bool:
    """Shows that a worker has started."""
    return True
