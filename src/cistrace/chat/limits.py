"""What holds requests back: the server's word, the rate, the budget, and patience after a failure."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil

Sleep = Callable[[float], Awaitable[None]]

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds
CHARACTERS_PER_TOKEN = 3
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class OutOfBudget(Exception):
    """The tokens left do not cover a request, and none are still held for others."""


def backoff(key: str, attempt: int) -> float:
    """Seconds to wait after failed attempt `attempt`, from 0: doubled each time, jittered by content, at most 30."""
    digest = hashlib.sha256(f"{key} {attempt}".encode()).digest()
    jitter = int.from_bytes(digest[:4]) / 2**32
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempt, 30)) * (0.5 + jitter / 2))


def stated_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds a server asks to wait, None where it does not say.

    `Retry-After` (RFC 9110: seconds or a date), else OpenAI's `x-ratelimit-reset-requests` and `-tokens` (`6m0s`,
    `120ms`), of which the longest counts whose `x-ratelimit-remaining-*` is used up.

    Parameters
    ----------
    headers : mapping
        Names in any case, as the HTTP library gives them.
    """
    after = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(after):
        return float(after)
    if after and (date := _date(after)) is not None:
        return max(0.0, (date - datetime.now(UTC)).total_seconds())
    resets = {kind: _duration(headers.get(f"x-ratelimit-reset-{kind}", "")) for kind in ("requests", "tokens")}
    known = {kind: seconds for kind, seconds in resets.items() if seconds is not None}
    used_up = [seconds for kind, seconds in known.items() if headers.get(f"x-ratelimit-remaining-{kind}") == "0"]
    return max(used_up or known.values(), default=None)


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _duration(text: str) -> float | None:
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    if not _DURATION.fullmatch(text):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))


class Pace:
    """Says when the next request may leave: evenly spaced, and not before the server wants any.

    Parameters
    ----------
    per_minute : float or None
        Requests; None does not space them.
    sleep : callable
        `asyncio.sleep`, or a test's.
    """

    def __init__(self, per_minute: float | None, sleep: Sleep) -> None:
        self._gap = 60.0 / per_minute if per_minute else 0.0
        self._sleep = sleep
        self._next = self._not_before = time.monotonic()

    def hold(self, seconds: float) -> None:
        """Send nothing for so long, whichever request the server said it to."""
        self._not_before = max(self._not_before, time.monotonic() + seconds)

    async def turn(self) -> None:
        """Wait until one request may leave."""
        slot = -1.0
        while slot < self._not_before:  # another request may meet a wait in the meantime
            now = time.monotonic()
            slot = max(now, self._next, self._not_before)
            self._next = slot + self._gap
            if slot > now:
                await self._sleep(slot - now)


class Budget:
    """Tokens spent, and tokens held for requests under way.

    Parameters
    ----------
    limit : int or None
        Tokens of prompts and completions; None is no limit.
    most : int
        Tokens that a completion can take.
    spent : int
        Tokens already spent.
    """

    def __init__(self, limit: int | None, most: int, spent: int = 0) -> None:
        self.limit = limit
        self.spent = spent
        self._most = most
        self._held = 0
        self._changed = asyncio.Event()
        self._tokens_per_character = 1 / CHARACTERS_PER_TOKEN

    async def take(self, characters: int) -> int:
        """Hold tokens for a request with a prompt of so many characters; wait where others may yet give some back.

        Raises
        ------
        OutOfBudget
        """
        while True:
            tokens = ceil(characters * self._tokens_per_character) + self._most
            if self.limit is None or self.spent + self._held + tokens <= self.limit:
                self._held += tokens
                return tokens
            if not self._held:
                raise OutOfBudget
            await self._changed.wait()

    def settle(self, held: int, spent: int) -> None:
        """Give back what was held; count what it cost."""
        self._held -= held
        self.spent += spent
        self._changed.set()
        self._changed = asyncio.Event()

    def learn(self, characters: int, tokens: int) -> None:
        """Hold more for later prompts where this one took more tokens a character than any before: DNA does."""
        self._tokens_per_character = max(self._tokens_per_character, tokens / characters)
