"""What a chat teacher is set to: whom to ask, how, and within which bounds. No secret is among it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from cistrace.errors import TeacherError

_QUOTED = 200  # characters of a setting that a message repeats


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """Whom to ask, and how.

    Attributes
    ----------
    base_url : str
        Up to and with `/v1`; without credentials.
    temperature, top_p, max_tokens, seed
        Sampling, as the protocol names it; None sends no seed.
    top_k : int or None
        An extension that vLLM, llama.cpp and `transformers serve` know; None sends none.
    concurrency : int
        Requests under way at a time.
    timeout : float
        Seconds for one request from sending to its last byte.
    requests_per_minute : float or None
    token_budget : int or None
        Tokens of prompts and completions that one run may spend.
    attempts : int
        Requests for one answer before the run stops.
    key_variable : str
        Environment variable that holds the key; unset, none is sent.

    Raises
    ------
    TeacherError
        A setting that cannot be used.
    """

    base_url: str
    model: str
    temperature: float = 0.95
    top_p: float = 0.7
    max_tokens: int = 1024
    seed: int | None = None
    concurrency: int = 8
    timeout: float = 120.0
    requests_per_minute: float | None = None
    token_budget: int | None = None
    attempts: int = 6
    key_variable: str = "OPENAI_API_KEY"
    top_k: int | None = None

    def __post_init__(self) -> None:
        checks: dict[str, tuple[object, bool, str]] = {
            "model": (self.model, bool(self.model.strip()), "a name"),
            "temperature": (self.temperature, 0 <= self.temperature <= 2, "0 to 2"),
            "top_p": (self.top_p, 0 < self.top_p <= 1, "more than 0, at most 1"),
            "top_k": (self.top_k, _positive(self.top_k), "more than 0"),
            "max_tokens": (self.max_tokens, self.max_tokens >= 1, "1 or more"),
            "concurrency": (self.concurrency, 1 <= self.concurrency <= 1024, "1 to 1024"),
            "timeout": (self.timeout, 0 < self.timeout < float("inf"), "seconds, more than 0"),
            "requests_per_minute": (self.requests_per_minute, _positive(self.requests_per_minute), "more than 0"),
            "token_budget": (self.token_budget, _positive(self.token_budget), "more than 0"),
            "attempts": (self.attempts, self.attempts >= 1, "1 or more"),
            "key_variable": (self.key_variable, bool(re.fullmatch(r"\w+", self.key_variable)), "a variable's name"),
        }
        for name, (value, good, expected) in checks.items():
            if not good:
                # A key given in the place of its variable's name must not be shown.
                found = "something else" if name == "key_variable" else repr(value)
                raise TeacherError(f"chat endpoint: {name} is {found}; expected {expected}; give another")
        _check_url(self.base_url, self.key_variable)

    @property
    def host(self) -> str:
        """Host and port, as messages name the endpoint."""
        return urlsplit(self.base_url).netloc


def _positive(value: float | None) -> bool:
    return value is None or 0 < value < float("inf")


def _check_url(url: str, variable: str) -> None:
    """Refuse what is no base URL, without repeating what may be a secret."""
    expected = "expected http(s)://HOST[:PORT]/v1"
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url
        _ = parts.port  # raises where it is none
    except ValueError:
        raise TeacherError(f"chat endpoint: the base URL is none; {expected}; mend it") from None
    if _holds_secret(parts):
        raise TeacherError(
            "chat endpoint: the base URL holds a user, a query or a fragment, where credentials would be stored and "
            f"shown; {expected}; put the key into the environment variable {variable}"
        )
    if not good:
        raise TeacherError(f"chat endpoint: the base URL is {url[:_QUOTED]!r}; {expected}; mend it")


def _holds_secret(parts: SplitResult) -> bool:
    return "@" in parts.netloc or "@" in parts.path or bool(parts.query or parts.fragment)
