"""A client of a chat endpoint that many questions are put to at once, their answers given in the order asked.

    questions -> cache? -> Asker (turn, budget, attempts) -> Endpoint -> cache -> answers, in order

Requests run in an event loop in a thread of its own, so that questions are made and answers judged meanwhile. The loop
starts with the first request: a run whose answers are all cached needs no endpoint.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from cistrace.chat.answers import AnswerCache
from cistrace.chat.asker import Asker, Halt, Usage, UsageCount, answer_of
from cistrace.chat.endpoint import Endpoint
from cistrace.chat.limits import Pace, Sleep
from cistrace.chat.question import Answer, Question
from cistrace.chat.settings import ChatSettings
from cistrace.errors import TeacherError
from cistrace.io.streams import shown

AHEAD = 4  # questions in memory, times the concurrency

_Result = TypeVar("_Result")
_Item = TypeVar("_Item")
Report = Callable[[Usage], None]


class ChatClient:
    """One run: usage, budget and pace go on from one call of `answers` to the next.

    Parameters
    ----------
    cache : AnswerCache
        Open for as long as answers are asked.
    report : callable
        Called with the usage so far before every answer is given, and before an error.
    sleep : callable
        `asyncio.sleep`, or a test's.
    """

    def __init__(
        self, settings: ChatSettings, cache: AnswerCache, report: Report, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._settings = settings
        self._cache = cache
        self._report = report
        self._sleep = sleep
        self._pace = Pace(settings.requests_per_minute, sleep)
        self._usage_count = UsageCount()

    @property
    def usage(self) -> Usage:
        """All that was asked and paid for through this client so far."""
        return self._usage_count.usage

    def answers(
        self, asked: Iterable[tuple[_Item, Question]], expected: int = 0
    ) -> Generator[tuple[_Item, Answer], None, None]:
        """Every item with its answer, in the order given. Closing the generator cancels what is under way.

        Parameters
        ----------
        asked : iterable of (item, Question)
            Read at most `AHEAD` times the concurrency ahead. An item is whatever the caller needs beside the answer.
        expected : int
            How many there are; 0 where that is not known. Messages say how many are left.

        Raises
        ------
        TeacherError
            The endpoint or the cache cannot be used, the budget is spent, or attempts are used up. Answers that came
            are cached; the message says how a later run goes on.
        """
        before = self.usage
        window: deque[tuple[_Item, Future[Answer]]] = deque()
        requests = _Requests(self._open)
        try:
            for item, question in asked:
                window.append((item, self._start(question, requests)))
                while window and (len(window) >= AHEAD * self._settings.concurrency or window[0][1].done()):
                    yield self._first(window)
            while window:
                yield self._first(window)
        except Halt as halt:
            requests.settle()
            self._report(self.usage)
            raise TeacherError(self._how_to_go_on(halt, before, expected)) from None
        except TeacherError:
            self._report(self.usage)
            raise
        finally:
            requests.close()

    def _open(self) -> _Connection:
        return _Connection(self._settings, self._cache, self._pace, self._usage_count, self._sleep)

    def _start(self, question: Question, requests: _Requests) -> Future[Answer]:
        """An answer that is there, or will be."""
        same = requests.under_way(question.key)
        stored = self._cache.get(question.key) if same is None else None
        if same is None and stored is None:
            return requests.ask(question)
        self._usage_count.add(Usage(cached=1))
        if same is not None:
            return same
        assert stored is not None
        there: Future[Answer] = Future()
        there.set_result(answer_of(stored))
        return there

    def _first(self, window: deque[tuple[_Item, Future[Answer]]]) -> tuple[_Item, Answer]:
        item, future = window.popleft()
        answer = future.result()
        self._report(self.usage)
        return item, answer

    def _how_to_go_on(self, halt: Halt, before: Usage, total: int) -> str:
        usage, place = self.usage, shown(self._cache.path)
        done = sum(getattr(usage, name) - getattr(before, name) for name in ("answered", "cached", "refused"))
        left = f"{max(0, total - done)} are" if total else "the rest is"
        mend = "a larger budget goes on" if str(halt).startswith("token budget") else "a second run goes on"
        kept = usage.answered + usage.cached
        return f"{halt}; {kept} answers are kept in {place}, {left} left to ask; {mend} from there"


class _Requests:
    """The requests of one call: a connection from the first on, and none twice at a time."""

    def __init__(self, connect: Callable[[], _Connection]) -> None:
        self._connect = connect
        self._connection: _Connection | None = None
        self._under_way: dict[str, Future[Answer]] = {}

    def under_way(self, key: str) -> Future[Answer] | None:
        return self._under_way.get(key)

    def ask(self, question: Question) -> Future[Answer]:
        if self._connection is None:
            self._connection = self._connect()  # kept before it is opened: an interrupt leaves it to `close`
            self._connection.open()
        future = self._connection.submit(partial(self._connection.asker.ask, question))
        self._under_way[question.key] = future
        # From then on it is in the cache, or another attempt is due.
        future.add_done_callback(lambda _: self._under_way.pop(question.key, None))
        return future

    def settle(self) -> None:
        """Wait for what is under way, and start nothing more."""
        if self._connection is not None:
            self._connection.submit(self._connection.asker.settle).result()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


class _Connection:
    """An event loop in a thread, with an open endpoint and its asker. Nothing is left of it after `close`."""

    asker: Asker

    def __init__(
        self, settings: ChatSettings, cache: AnswerCache, pace: Pace, usage_count: UsageCount, sleep: Sleep
    ) -> None:
        self._endpoint = Endpoint(settings)
        self._make = lambda: Asker(settings, self._endpoint, cache, pace, usage_count, sleep)
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._over = asyncio.Event()
        # A daemon, lest a second Ctrl-C while the first is obeyed leaves the process hanging.
        self._thread = threading.Thread(target=self._run, name="cistrace-chat", daemon=True)

    def open(self) -> None:
        self._thread.start()
        self._ready.result()

    def submit(self, work: Callable[[], Coroutine[Any, Any, _Result]]) -> Future[_Result]:
        """Start work in the loop. Its coroutine is made there: an interrupt here leaves none that nobody awaits."""
        future: Future[_Result] = Future()
        self._ready.result().call_soon_threadsafe(_start, work, future)
        return future

    def close(self) -> None:
        """Cancel what is under way and end the thread."""
        if self._thread.is_alive():
            with suppress(RuntimeError):  # the loop has ended by itself
                self._ready.result().call_soon_threadsafe(self._over.set)
            self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _serve(self) -> None:
        async with self._endpoint:
            self.asker = self._make()
            self._ready.set_result(asyncio.get_running_loop())
            await self._over.wait()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _start(work: Callable[[], Coroutine[Any, Any, _Result]], future: Future[_Result]) -> None:
    asyncio.ensure_future(work()).add_done_callback(partial(_hand_over, future))


def _hand_over(future: Future[_Result], task: asyncio.Task[_Result]) -> None:
    """From the loop's task to the future that another thread waits for."""
    if task.cancelled():
        future.cancel()
    elif (error := task.exception()) is not None:
        future.set_exception(error)
    else:
        future.set_result(task.result())
