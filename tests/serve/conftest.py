"""A server as a person starts it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from cli_helpers import obey_interrupts


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    command = [sys.executable, "-m", "cistrace", "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=obey_interrupts) as server:
        assert server.stderr is not None
        said = server.stderr.readline()
        found = re.fullmatch(r"cistrace: answers on http://127\.0\.0\.1:(\d+) \(Ctrl-C stops\)\n", said)
        assert found is not None, said
        yield int(found[1])
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0
        assert server.stderr.read() == ""  # nothing that was asked is logged
