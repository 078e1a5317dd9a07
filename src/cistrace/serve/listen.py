"""Listening on an address, and answering until told to stop."""

from __future__ import annotations

import ipaddress
import socket

import uvicorn
from starlette.types import ASGIApp

from cistrace.errors import InputError

CONNECTIONS = 100  # open at once
LAST_WORDS = 5  # seconds that answers on their way have when the server is stopped


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens on a port, or with 0 on any that is free.

    Raises
    ------
    InputError
        The port is taken, or the host is none of this machine's.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(CONNECTIONS)
        return found
    except (OSError, UnicodeError) as error:
        told = getattr(error, "strerror", None) or error
        raise InputError(
            f"{host}:{port}: cannot be listened on ({told}); expected a free port of this machine; name another --port"
        ) from error


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def address_of(found: socket.socket) -> str:
    """The address to ask at."""
    host, port = found.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def answer_on(app: ASGIApp, found: socket.socket) -> None:
    """Answer until SIGINT or SIGTERM. What was asked is not logged; what fails is, on stderr."""
    settings = uvicorn.Config(
        app, http="h11", ws="none", lifespan="off", log_level="warning", access_log=False, server_header=False,
        proxy_headers=False, limit_concurrency=CONNECTIONS, timeout_graceful_shutdown=LAST_WORDS,
    )  # fmt: skip
    uvicorn.Server(settings).run(sockets=[found])
