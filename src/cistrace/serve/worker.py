"""The one thread that a model works in: requests take turns, piece by piece, in the order of their asking."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from cistrace.engines.cores import use_threads

_Result = TypeVar("_Result")


class BusyError(Exception):
    """As many requests as may wait are waiting."""


class Worker:
    """Runs work for coroutines, one piece at a time.

    Parameters
    ----------
    requests : int
        That may be worked on or wait.
    threads : int, optional
        Cores that PyTorch uses in a piece; as many as before unless given.
    """

    def __init__(self, requests: int, threads: int | None = None) -> None:
        self._requests = requests
        self.waiting = 0
        self._pool = ThreadPoolExecutor(1, "cistrace-model", lambda: use_threads(threads))

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place among the requests, for as long as one lasts.

        Raises
        ------
        BusyError
            There is none.
        """
        if self.waiting >= self._requests:
            raise BusyError
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """The result of `work`. Where nobody waits for it any more, it is not begun; what is begun is finished."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Let go of the thread once it is done with its piece."""
        self._pool.shutdown(wait=False, cancel_futures=True)
