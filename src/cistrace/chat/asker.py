"""Gets one answer, whatever it takes: its turn, the budget for it, attempts, the cache. Runs inside one event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass
from math import ceil

from cistrace.chat.answers import AnswerCache, KeptAnswer
from cistrace.chat.endpoint import Endpoint, Refused, Reply, Unusable
from cistrace.chat.limits import CHARACTERS_PER_TOKEN, Budget, OutOfBudget, Pace, Sleep, backoff
from cistrace.chat.question import Answer, Question
from cistrace.chat.settings import ChatSettings
from cistrace.errors import TeacherError

log = logging.getLogger(__name__)

LONGEST_WAIT = 600.0  # seconds that a server may ask for before the run stops rather than waits
REFUSED_AT_FIRST = 16  # refusals before any answer from which nothing better is expected


class Halt(Exception):
    """The run cannot go on now, but a later one can; what is under way may still arrive."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run has done so far.

    Attributes
    ----------
    asked : int
        Questions sent to the endpoint.
    answered : int
        Answers that came from it, and are cached.
    cached : int
        Questions that had an answer without being sent.
    retried : int
        Requests sent beyond the first for a question.
    refused : int
        Questions that the endpoint would not answer.
    prompt_tokens, completion_tokens : int
        Paid for in this run.
    estimated : bool
        Some of these tokens are estimates: the server did not count them, or a request broke off.
    """

    asked: int = 0
    answered: int = 0
    cached: int = 0
    retried: int = 0
    refused: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False

    @property
    def tokens(self) -> int:
        """Of prompts and completions together."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, more: Usage) -> Usage:
        sums = {name: getattr(self, name) + getattr(more, name) for name in self.__slots__ if name != "estimated"}
        return Usage(**sums, estimated=self.estimated or more.estimated)


class UsageCount:
    """Usage so far; threads may add to it at once."""

    def __init__(self) -> None:
        self.usage = Usage()
        self._lock = threading.Lock()

    def add(self, more: Usage) -> None:
        """Count what was done since."""
        with self._lock:
            self.usage += more


def answer_of(stored: KeptAnswer) -> Answer:
    """As the data set has it. A server may bill for nothing."""
    fault = "" if stored.text.strip() else f"refused: an empty answer (finish reason {stored.finish or 'not stated'})"
    return Answer("" if fault else stored.text, fault, stored.prompt_tokens, stored.completion_tokens)


class Asker:
    """Asks an endpoint within the settings' bounds.

    Parameters
    ----------
    endpoint : Endpoint
        Open.
    pace : Pace
        Shared with whatever else asks this endpoint.
    usage_count : UsageCount
        Of this run, and what it did before.
    sleep : callable
        `asyncio.sleep`, or a test's.
    """

    def __init__(
        self,
        settings: ChatSettings,
        endpoint: Endpoint,
        cache: AnswerCache,
        pace: Pace,
        usage_count: UsageCount,
        sleep: Sleep,
    ) -> None:
        self._usage_count = usage_count
        self._settings = settings
        self._endpoint = endpoint
        self._cache = cache
        self._pace = pace
        self._sleep = sleep
        self._budget = Budget(settings.token_budget, settings.max_tokens, usage_count.usage.tokens)
        self._places = asyncio.Semaphore(settings.concurrency)
        self._sending: set[asyncio.Task[Answer]] = set()
        self._over: Exception | None = None  # why nothing more is sent

    async def ask(self, question: Question) -> Answer:
        """One answer, stored in the cache before this returns.

        Raises
        ------
        TeacherError
            Nothing more can be had from the endpoint.
        Halt
            The budget is spent or the attempts are used up.
        """
        async with self._places:
            try:
                return await self._attempts(question)
            except (TeacherError, Halt) as why:
                # Here and now: whoever reads the answers may be slow, and the others would go on being sent.
                self._over = self._over or why
                raise self._over from None

    async def settle(self) -> None:
        """Start nothing more; return when what is under way has arrived or failed."""
        self._over = self._over or Halt("stopped")
        if self._sending:
            await asyncio.wait(self._sending)

    async def _attempts(self, question: Question) -> Answer:
        for attempt in range(self._settings.attempts):
            try:
                return await self._attempt(question, attempt)
            except Refused as refusal:
                return self._refused(refusal)
            except Unusable as found:
                fault = found
            await self._after(fault, question.key, attempt)
        raise Halt(f"{self._settings.host}: {fault}, {self._settings.attempts} times in a row")

    async def _attempt(self, question: Question, attempt: int) -> Answer:
        """Send once, and account for it."""
        characters = sum(len(message["content"]) for message in question.messages)
        try:
            held = await self._budget.take(characters)
        except OutOfBudget:
            raise Halt(f"token budget: {self._budget.spent} of {self._budget.limit} are spent") from None
        spent = 0
        try:
            await self._pace.turn()
            reply = await self._send(question, attempt)
            stored = self._paid(reply, characters)
            spent = stored.prompt_tokens + stored.completion_tokens
            kept = self._cache.put(question.key, stored)
        except (Refused, Unusable) as fault:
            if fault.billed:
                spent = held
                self._lost(held)
            raise
        finally:
            self._budget.settle(held, spent)
        self._usage_count.add(Usage(answered=1))
        return answer_of(kept)

    async def _send(self, question: Question, attempt: int) -> Reply:
        if self._over:
            raise self._over
        self._usage_count.add(Usage(retried=1) if attempt else Usage(asked=1))
        task = asyncio.current_task()
        assert task is not None
        self._sending.add(task)
        try:
            return await self._endpoint.send(question.messages, question.seed)
        finally:
            self._sending.discard(task)

    async def _after(self, fault: Unusable, key: str, attempt: int) -> None:
        """Wait after a failure, as the server says or else longer each time."""
        left = self._settings.attempts - attempt - 1
        log.info("%s: %s; %d attempts left", self._settings.host, fault, left)
        if self._over:
            raise self._over
        if fault.wait is not None and fault.wait > LONGEST_WAIT:
            raise Halt(f"{self._settings.host}: {fault}, and to come back in {fault.wait:.0f} s")
        if fault.wait is not None:
            self._pace.hold(fault.wait)
        elif left:
            await self._sleep(backoff(key, attempt))

    def _refused(self, refusal: Refused) -> Answer:
        self._usage_count.add(Usage(refused=1))
        usage = self._usage_count.usage
        if usage.refused >= REFUSED_AT_FIRST and not usage.answered and not usage.cached:
            raise Halt(f"{self._settings.host}: refused the first {usage.refused} requests, the last with: {refusal}")
        return Answer("", f"refused: {refusal}")

    def _paid(self, reply: Reply, characters: int) -> KeptAnswer:
        """What a reply cost; estimated where the server does not say."""
        prompt, completion = reply.prompt_tokens, reply.completion_tokens
        if prompt is None:
            prompt = ceil(characters / CHARACTERS_PER_TOKEN)
        else:
            self._budget.learn(characters, prompt)
        estimated = reply.prompt_tokens is None or completion is None
        if completion is None:
            completion = ceil(len(reply.text) / CHARACTERS_PER_TOKEN)
        self._usage_count.add(Usage(prompt_tokens=prompt, completion_tokens=completion, estimated=estimated))
        return KeptAnswer(reply.text, reply.finish, prompt, completion, reply.model)

    def _lost(self, held: int) -> None:
        """Count what a broken request may have cost, at its worst."""
        completion = self._settings.max_tokens
        self._usage_count.add(Usage(prompt_tokens=held - completion, completion_tokens=completion, estimated=True))
