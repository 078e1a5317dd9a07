"""Threads that work side by side, each computing with one thread of PyTorch's: results in order, few items ahead.

Small arrays gain little where PyTorch parts one operation among cores, and nothing where Python is in between. Whole
blocks of work beside each other use all cores: PyTorch leaves Python's lock while it computes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from threading import Barrier, Lock
from typing import TypeVar

from cistrace.engines.cores import keep_memory, use_threads

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def side_by_side(
    work: Callable[[_Item], _Result], items: Iterable[_Item], threads: int
) -> Iterator[_Result]:  # fmt: skip
    """Results of all items, in their order.

    A single item is worked on here, with as many threads of PyTorch's as are set. Of more, at most two a thread are
    taken from the stream beforehand, and `work` must bear to be called from several threads.

    Parameters
    ----------
    threads : int
        At least 1; with 1 all is done here.
    """
    stream = iter(items)
    first = list(islice(stream, 2))
    every = chain(first, stream)
    if threads == 1 or len(first) < 2:
        yield from map(work, every)
        return
    keep_memory()
    with ThreadPoolExecutor(threads, thread_name_prefix="cistrace") as pool:
        _settle(pool, threads)
        ahead: deque[Future[_Result]] = deque()
        try:
            for item in every:
                ahead.append(pool.submit(work, item))
                if len(ahead) == 2 * threads:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def one_at_a_time(report: Callable[[int], None] | None) -> Callable[[int], None] | None:
    """The same callback for threads that report side by side: one waits for the other."""
    if report is None:
        return None
    lock = Lock()

    def reported(count: int) -> None:
        with lock:
            report(count)

    return reported


def _settle(pool: ThreadPoolExecutor, threads: int) -> None:
    """Let each thread compute with one; what a thread sets, those started later would have too, so it is put back."""
    together = Barrier(threads)

    def settle() -> None:
        together.wait()  # so that each of the pool's threads takes one of these
        use_threads(1)

    for future in [pool.submit(settle) for _ in range(threads)]:
        future.result()
    use_threads(threads)
