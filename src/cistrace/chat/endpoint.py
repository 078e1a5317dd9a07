"""One request to an OpenAI-compatible chat endpoint: what is sent, what comes back, and the three ways to fail.

    TeacherError    nothing more can be had from the endpoint as it is set up: the run stops
    Refused         this request alone is not answered (too long a prompt, a filter)
    Unusable        no usable answer this time; the same request may do better later

The key is read from its environment variable when a request is sent, goes into one header and nowhere else: whatever
a server says is cleared of it. Protocol: `POST BASE_URL/chat/completions`, as vLLM, llama.cpp, `transformers serve` and
OpenAI speak it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from cistrace.chat.limits import stated_wait
from cistrace.chat.question import Messages
from cistrace.chat.settings import ChatSettings
from cistrace.errors import TeacherError
from cistrace.io.terminal import printable
from cistrace.traces.templates import THINK_BEGIN, THINK_END

if TYPE_CHECKING:
    import httpx2

MOST_BYTES = 1 << 20  # of a response
CONNECT_SECONDS = 15.0
SHORTEST_SECRET = 8  # characters; local servers take words such as `none` for a key, which texts may hold
_QUOTED = 200  # characters of what a server says

_STOPPING = frozenset((401, 402, 403, 404, 405, 407, 410))
_PASSING = frozenset((408, 409, 425, 429))
_WAITING = frozenset((429, 503))
_NO_MONEY = "insufficient_quota"
# Said of one prompt, also where the model is named beside it.
_ONE_PROMPT = re.compile(r"context|too (?:long|large|many)|maximum|filter|policy|safety|moderation", re.IGNORECASE)
_EVERY_PROMPT = re.compile(
    r"model_not_found|invalid_model|unsupported_|unknown_parameter|api[_ ]key"
    r"|\bmodel\b.{0,80}\b(?:not|unknown|invalid|no)\b|\b(?:unknown|invalid|unsupported|no such) (?:model|parameter)",
    re.IGNORECASE | re.DOTALL,
)


class Refused(Exception):
    """This one request has no answer.

    Parameters
    ----------
    billed : bool
        The server may have written an answer, and charge for it.
    """

    def __init__(self, reason: str, billed: bool = False) -> None:
        self.billed = billed
        super().__init__(reason)


class Unusable(Exception):
    """No usable answer this time.

    Parameters
    ----------
    wait : float or None
        Seconds the server asks everyone to wait.
    billed : bool
        As in `Refused`.
    """

    def __init__(self, reason: str, wait: float | None = None, billed: bool = False) -> None:
        self.wait = wait
        self.billed = billed
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Reply:
    """What one request brought.

    Attributes
    ----------
    prompt_tokens, completion_tokens : int or None
        None where the server does not count.
    """

    text: str
    finish: str
    prompt_tokens: int | None
    completion_tokens: int | None
    model: str


class Endpoint:
    """Keeps connections open between requests, inside `async with`."""

    def __init__(self, settings: ChatSettings) -> None:
        self._settings = settings
        self._client: httpx2.AsyncClient

    async def __aenter__(self) -> Self:
        import httpx2

        for name in ("httpx2", "httpcore2"):  # one line for every request otherwise, wherever INFO is shown
            logger = logging.getLogger(name)
            if logger.level == logging.NOTSET:
                logger.setLevel(logging.WARNING)
        settings = self._settings
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(settings.timeout, connect=min(CONNECT_SECONDS, settings.timeout)),
            limits=httpx2.Limits(max_connections=settings.concurrency),
            follow_redirects=False,
            trust_env=not _is_local(urlsplit(settings.base_url).hostname or ""),  # proxies are for what is outside
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def send(self, messages: Messages, seed: int | None = None) -> Reply:
        """Ask once.

        Parameters
        ----------
        seed : int or None
            Of this request's sampling; None sends none.

        Raises
        ------
        TeacherError, Refused, Unusable
            See the module.
        """
        import httpx2

        try:
            async with asyncio.timeout(self._settings.timeout):
                status, headers, body = await self._post(messages, seed)
        except (TimeoutError, httpx2.ReadTimeout, httpx2.WriteTimeout):
            raise Unusable(f"no answer within {self._settings.timeout:g} s", billed=True) from None
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise Unusable(f"no connection ({_brief(str(error)) or 'timed out'})") from None
        except httpx2.RequestError as error:
            raise Unusable(
                f"the connection broke ({_brief(str(error)) or type(error).__name__})", billed=True
            ) from None
        return self._read(status, headers, body)

    async def _post(self, messages: Messages, seed: int | None) -> tuple[int, Mapping[str, str], bytes]:
        settings = self._settings
        plain = {"model": settings.model, "messages": messages, "temperature": settings.temperature,
                 "top_p": settings.top_p, "max_tokens": settings.max_tokens, "stream": False}  # fmt: skip
        if settings.top_k is not None:
            plain["top_k"] = settings.top_k
        if seed is not None:
            plain["seed"] = seed
        url = settings.base_url.rstrip("/") + "/chat/completions"
        async with self._client.stream("POST", url, json=plain, headers=_headers(settings.key_variable)) as response:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise Refused(f"a response of more than {MOST_BYTES} bytes", billed=True)
            return response.status_code, response.headers, bytes(body)

    def _read(self, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
        variable, host = self._settings.key_variable, self._settings.host
        if 200 <= status < 300:
            return _reply(body, variable)
        if 300 <= status < 400:
            raise TeacherError(
                f"{host}: redirects elsewhere (HTTP {status}), which is not followed; expected an endpoint that answers"
                " itself; give the base URL that it redirects to"
            )
        message = _cleared(_error_words(body), variable)
        reason = f"HTTP {status}" + (f" ({_brief(message)})" if message else "")
        if status in _STOPPING or _NO_MONEY in message:
            raise TeacherError(f"{host}: {reason}; {self._mend(status)}")
        if status in _PASSING or status >= 500:
            raise Unusable(reason, stated_wait(headers) if status in _WAITING else None)
        if status in (400, 413, 422) and not self._concerns_all(message):
            raise Refused(reason)
        raise TeacherError(f"{host}: {reason}; expected an endpoint that serves {self._settings.model}; "
                           "see its list of models and parameters")  # fmt: skip

    def _mend(self, status: int) -> str:
        variable = self._settings.key_variable
        if status in (401, 403, 407):
            state = "set" if os.environ.get(variable) else "not set"
            return f"expected a key that it takes; {variable} is {state}; put the key there"
        if status in (402, 429):
            return "expected an account with funds; add some and run again"
        return f"expected {self._settings.base_url.rstrip('/')}/chat/completions and model {self._settings.model}"

    def _concerns_all(self, message: str) -> bool:
        """Whether a refusal would meet every other request as well."""
        if _ONE_PROMPT.search(message):
            return False
        named = re.search(rf"[`'\"]{re.escape(self._settings.model)}[`'\"]", message)
        return bool(named or _EVERY_PROMPT.search(message))


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _headers(variable: str) -> dict[str, str]:
    key = os.environ.get(variable, "").strip()
    if not (key.isascii() and key.isprintable()):  # the HTTP library's own message would show it
        raise TeacherError(
            f"{variable}: holds characters that no header can; expected a key of one line of ASCII; set it again"
        )
    return {"accept-encoding": "identity"} | ({"authorization": f"Bearer {key}"} if key else {})


def _cleared(text: str, variable: str) -> str:
    """Text without the key, and such as UTF-8 can hold: JSON's escapes can spell halves of characters."""
    key = os.environ.get(variable, "").strip()
    text = text.encode("utf-8", "replace").decode()
    return text.replace(key, "[key]") if len(key) >= SHORTEST_SECRET else text


def _brief(text: str) -> str:
    """One short line."""
    return printable(" ".join(text.split()))[:_QUOTED]


def _error_words(body: bytes) -> str:
    """What an error's body says: message, code and parameter where it is JSON as usual, else its text."""
    text = body.decode("utf-8", "replace")
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        return "" if "<html" in text.lower() else text
    error = plain.get("error", plain) if isinstance(plain, dict) else plain
    if not isinstance(error, dict):
        return error if isinstance(error, str) else json.dumps(error)
    found = [error.get(name) for name in ("message", "detail", "code", "type", "param")]
    return ", ".join(one if isinstance(one, str) else json.dumps(one) for one in found if one is not None)


def _reply(body: bytes, variable: str) -> Reply:
    """Read the one choice of a response.

    Raises
    ------
    Unusable
        Not JSON, or without a choice that has a text.
    """
    try:
        plain = json.loads(body)
        choice = plain["choices"][0]
        message = choice["message"]
        content, reasoning = message.get("content"), message.get("reasoning_content") or message.get("reasoning")
        if not isinstance(content, str | None) or not isinstance(reasoning, str | None):
            raise TypeError(content)
    except (ValueError, RecursionError):
        raise Unusable("a body that is no JSON", billed=True) from None
    except (LookupError, TypeError, AttributeError):
        raise Unusable("a body without choices[0].message.content", billed=True) from None
    usage = plain.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    return Reply(
        _cleared(_text(content or "", reasoning), variable),
        _cleared(str(choice.get("finish_reason") or ""), variable),
        _count(counts.get("prompt_tokens")),
        _count(counts.get("completion_tokens")),
        _cleared(str(plain.get("model") or ""), variable),
    )


def _text(content: str, reasoning: str | None) -> str:
    """The trace: some servers take thinking out of the content, or leave its opening tag in."""
    if reasoning and THINK_END not in content:
        content = reasoning + THINK_END + content
    opened = content.lstrip()
    return opened.removeprefix(THINK_BEGIN).lstrip() if opened.startswith(THINK_BEGIN) else content


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None
