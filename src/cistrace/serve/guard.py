"""What stands before every answer of the server: whom it answers, how much it reads, what a browser may do with it.

A page of another site can make a browser ask a server on the same machine. It cannot read the answer, unless that
site's name is bound anew to this machine's address (DNS rebinding); then the browser still names that site in `Host`.
So only addresses and names of this server are taken there, and an `Origin`, which browsers send along with whatever
could do harm, must be the same.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cistrace.serve.limits import MEBIBYTE, Limits

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


class Guard:
    """Sends away what is not meant for this server or too large, and marks every answer.

    Parameters
    ----------
    app
        What answers.
    limits : Limits
    names : several str
        Names, without a port, that the server goes by beside `localhost`.
    loopback : bool
        Whether it listens to this machine alone: then no other address in `Host` can be meant.
    """

    def __init__(self, app: ASGIApp, limits: Limits, names: Iterable[str] = (), loopback: bool = True) -> None:
        self._app = app
        self._limits = limits
        self._names = {"localhost", *(name.lower() for name in names)}
        self._loopback = loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of ASGI's."""
        if scope["type"] != "http":  # the start and end of the server; there are no web sockets
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        if fault := self._stranger(headers) or self._too_large(headers):
            await fault(scope, receive, marked)
            return
        try:
            async with asyncio.timeout(self._limits.patience):
                body = await self._read(receive)
        except TimeoutError:
            told = f"request: was not whole after {self._limits.patience:g} s, expected it sooner; send it again"
            await problem(408, told)(scope, receive, marked)
            return
        if body is None:
            await self._large()(scope, receive, marked)
            return
        await self._app(scope, _replayed(body, receive), marked)

    def _stranger(self, headers: Headers) -> JSONResponse | None:
        """An answer to a request that came under another name, or from another site's page."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._known(hosts[0]):
            names = ", ".join(sorted(self._names))
            found = hosts[0] if len(hosts) == 1 else f"{len(hosts)} of them"
            told = f"Host: found {found!r}, expected this server's address or {names}; start it with --allow-host"
            return problem(421, told)
        for origin in headers.getlist("origin"):
            if origin.lower() not in (f"http://{hosts[0]}".lower(), f"https://{hosts[0]}".lower()):
                return problem(403, f"Origin: found {origin!r}, expected http://{hosts[0]}; use the server's own page")
        return None

    def _known(self, host: str) -> bool:
        try:
            split = urlsplit(f"//{host}")
            name, _ = split.hostname, split.port
        except ValueError:
            return False
        if name is None or split.netloc != host or "@" in host:
            return False
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self._loopback

    def _too_large(self, headers: Headers) -> JSONResponse | None:
        stated = headers.get("content-length", "0")
        return self._large() if not stated.isdecimal() or int(stated) > self._limits.body else None

    def _large(self) -> JSONResponse:
        most = f"{self._limits.body / MEBIBYTE:g} MiB"
        return problem(413, f"request: is over {most}, expected less; ask in parts, or start with --max-mebibytes")

    async def _read(self, receive: Receive) -> bytes | None:
        """The whole of a request; None where it is too large."""
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":  # the asker is gone
                return b""
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._limits.body:
                return None
            if not message.get("more_body", False):
                return b"".join(parts)


def problem(status: int, told: str) -> JSONResponse:
    """An answer that says, in one line, why there is no other."""
    return JSONResponse({"error": told}, status)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body once more, and then what else there is to hear."""
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
