"""Who is answered, and what every answer carries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from serve_helpers import ADDRESS, client_of
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from cistrace.serve.guard import HEADERS, Guard
from cistrace.serve.limits import Limits


@pytest.fixture(scope="module")
def client() -> TestClient:
    return client_of(limits=Limits(body=2000))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:9", "127.8.8.8:8000", "[::1]:8000"]
)
def test_own_addresses_are_answered_under_any_port(client: TestClient, host: str) -> None:
    assert client.get("/api/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", "evil.example:127.0.0.1", "10.0.0.1",
        "me@127.0.0.1", "localhost:x", "[::1", "", "127.0.0.1/..", "localhost?", "2130706433",
    ],
)  # fmt: skip
def test_another_sites_name_is_sent_away(client: TestClient, host: str) -> None:
    found = client.get("/api/health", headers={"Host": host})
    assert found.status_code == 421
    assert found.json()["error"].startswith(f"Host: found {host!r}, expected this server's address or localhost")


def test_names_that_were_allowed_and_addresses_of_an_open_server() -> None:
    named = client_of(names=["Box.example"])
    assert named.get("/api/health", headers={"Host": "box.example:8000"}).status_code == 200
    assert named.get("/api/health", headers={"Host": "10.0.0.1"}).status_code == 421
    opened = client_of(loopback=False)
    assert opened.get("/api/health", headers={"Host": "10.0.0.1:8000"}).status_code == 200
    assert opened.get("/api/health", headers={"Host": "box.example"}).status_code == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9", "http://localhost:8000", ""])
def test_another_sites_page_is_sent_away(client: TestClient, origin: str) -> None:
    found = client.post("/api/scan", json={"sequences": "ACGT" * 9}, headers={"Origin": origin})
    assert found.status_code == 403
    assert found.json()["error"].startswith(f"Origin: found {origin!r}, expected {ADDRESS}")


def test_the_servers_own_page_is_answered(client: TestClient) -> None:
    assert client.get("/api/health", headers={"Origin": ADDRESS}).status_code == 200


@pytest.mark.parametrize("path", ["/api/health", "/nothing", "/openapi.json", "/api/predict"])
def test_every_answer_says_what_a_browser_may_do(client: TestClient, path: str) -> None:
    found = client.get(path)
    assert {name: found.headers[name] for name in HEADERS} == HEADERS
    assert "default-src 'none'" in found.headers["Content-Security-Policy"]
    assert "server" not in found.headers and "access-control-allow-origin" not in found.headers
    refused = client.get(path, headers={"Host": "evil.example"})
    assert refused.headers["Content-Security-Policy"] == found.headers["Content-Security-Policy"]


def test_no_site_may_ask_before(client: TestClient) -> None:
    headers = {"Origin": ADDRESS, "Access-Control-Request-Method": "POST"}
    found = client.options("/api/predict", headers=headers)
    assert found.status_code == 405 and "access-control-allow-methods" not in found.headers


def test_what_is_too_large_is_not_read(client: TestClient) -> None:
    body = b'{"sequences": "' + b"A" * 2000 + b'"}'
    found = client.post("/api/scan", content=body, headers={"Content-Type": "application/json"})
    assert found.status_code == 413
    assert found.json() == {
        "error": "request: is over 0.00190735 MiB, expected less; ask in parts, or start with --max-mebibytes"
    }
    assert client.post("/api/scan", content=b"", headers={"Content-Length": "-1"}).status_code == 413

    def pieces() -> Iterator[bytes]:  # nothing says beforehand how long it is
        for _ in range(1000):
            yield b"A" * 100

    assert client.post("/api/scan", content=pieces()).status_code == 413


def asked(guard: Guard, messages: list[Message], wait: float = 0) -> list[Message]:
    """What a guard sends where a client sends these messages, with a pause before each."""
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(wait)
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"host", b"localhost")]}
    asyncio.run(guard(scope, receive, send))
    return sent


async def heard(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that answers with all that it hears, until the asker is gone."""
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"] + b"|"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body + message["type"].encode()})


def test_what_came_in_pieces_is_heard_as_one_and_then_that_the_asker_is_gone() -> None:
    pieces: list[Message] = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b", "more_body": False},
        {"type": "http.disconnect"},
    ]
    assert asked(Guard(heard, Limits()), pieces)[-1]["body"] == b"ab|http.disconnect"


def test_a_request_that_trickles_is_not_waited_for() -> None:
    pieces: list[Message] = [{"type": "http.request", "body": b"a", "more_body": True}] * 100
    start = asked(Guard(heard, Limits(patience=0.05)), pieces, 0.02)[0]
    assert start["status"] == 408
