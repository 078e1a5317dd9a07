"""A chat endpoint on loopback that misbehaves as told: a real HTTP server in a thread, or a process of its own.

python tests/chat_server.py PORT LOG SECONDS    answers after SECONDS, and adds a line to LOG for every answer
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cli_helpers import a_card

from cistrace.reasonbench.subjects import Subject

LETTERS = "ACGT"


@dataclass(frozen=True)
class Act:
    """What the server does with one request.

    Attributes
    ----------
    kind : str
        `send` status, headers and body; `stall`: nothing, for as long as the server lives; `half`: the whole length
        promised, half of it sent, and the connection closed; `drop`: the connection closed.
    body : bytes or None
        None is a good answer.
    """

    kind: str = "send"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    delay: float = 0.0


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    at: float
    headers: dict[str, str]
    plain: dict[str, Any]


GOOD = Act()
Script = Callable[[int, dict[str, Any]], Act]


def answer_text(messages: list[dict[str, str]]) -> str:
    """A trace that depends on what was asked alone."""
    digest = hashlib.sha256(json.dumps(messages).encode()).hexdigest()
    steps = "".join(f"{number}. step {digest[number * 8 : number * 8 + 8]}\n" for number in range(1, 6))
    return f"{steps}</think>\nLevel: {int(digest[0], 16) % 4}"


def completion(text: str | None, prompt_tokens: int = 100, completion_tokens: int = 50, **message: Any) -> bytes:
    """A response's body; more fields of the message by name."""
    plain = {
        "model": "served-model",
        "choices": [{"message": {"content": text, **message}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens},
    }
    return json.dumps(plain).encode()


def error_body(message: str, code: str | None = None) -> bytes:
    return json.dumps({"error": {"message": message, "code": code}}).encode()


class ChatServer:
    """Serves until closed. Requests are numbered from 0 in the order in which they arrive."""

    def __init__(self, script: Script | None = None, port: int = 0, log: Path | None = None) -> None:
        self.script = script or (lambda number, plain: GOOD)
        self.seen: list[Seen] = []
        self.answered = 0
        self.most_at_once = 0
        self.closing = threading.Event()
        self._log = log
        self._at_once = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.owner = self

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def serve(self) -> None:
        self._server.serve_forever(0.02)

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def handling(self, seen: Seen) -> Iterator[Act]:
        """Count a request while it is under way."""
        with self._lock:
            number = len(self.seen)
            self.seen.append(seen)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield self.script(number, seen.plain)
        finally:
            with self._lock:
                self._at_once -= 1

    def count_answer(self) -> None:
        with self._lock:
            self.answered += 1
            if self._log is not None:
                with self._log.open("a") as handle:
                    handle.write("answer\n")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    owner: ChatServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients may go away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        plain = json.loads(self.rfile.read(int(self.headers["content-length"])))
        owner = self.server.owner
        with owner.handling(Seen(time.monotonic(), dict(self.headers.items()), plain)) as act:
            owner.closing.wait(act.delay)
            if act.kind == "stall":
                owner.closing.wait(30)
            if act.kind in ("stall", "drop"):
                self.close_connection = True
                return
            body = completion(answer_text(plain["messages"])) if act.body is None else act.body
        # Outside, as the client may send its next request the moment it has the last byte of this one.
        self.send_response(act.status)
        for name, value in act.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if act.kind == "half":
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        if act.status == 200:
            owner.count_answer()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def chat_server(script: Script | None = None) -> Iterator[ChatServer]:
    """A server in a thread."""
    server = ChatServer(script)
    thread = threading.Thread(target=server.serve, name="test-chat-server")
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


def first(*acts: Act) -> Script:
    """These acts for the first requests, good answers from then on."""
    return lambda number, plain: acts[number] if number < len(acts) else GOOD


def some_subjects(count: int) -> list[Subject]:
    """Subjects with a card each of their own."""
    made = []
    for row in range(count):
        code = "".join(LETTERS[row // 4**place % 4] for place in range(5))
        card = a_card(bases="ACGTTGCAAGTCCGATAGCTTGCACCGTATTAGC" + code)
        made.append(Subject(row, f"e{row}", "train", 0.1, row % 4, (-0.5, 0.0, 0.7), card))
    return made


def main() -> None:
    port, log, seconds = sys.argv[1:]
    ChatServer(lambda number, plain: Act(delay=float(seconds)), int(port), Path(log)).serve()


if __name__ == "__main__":
    main()
