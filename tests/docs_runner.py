"""Runs a page: its examples in their order, in one folder, and Python's in one namespace."""

from __future__ import annotations

import doctest
import os
import pty
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from docs_helpers import Example, calls, examples, lines_of

import cistrace
from cistrace.cli.main import cli

NUMBER = re.compile(r"(?<![\w.])[-+]?\d+\.\d+")
LARGEST_DIFFERENCE = 0.021  # log2 units: another processor may round an amount the other way
PLAIN = re.compile(r"^cistrace [^|&;<>$`]*$", re.DOTALL)


class PageRunner:
    """One page in one folder.

    Parameters
    ----------
    folder : Path
        Where its commands find their inputs and write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, Any] = {}
        self.printed = ""
        self.server: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.environment = {**os.environ, "COLUMNS": "100", "PATH": f"{self._programs()}:{os.environ['PATH']}"}
        self.environment["PYTHONPATH"] = os.pathsep.join([str(Path(cistrace.__file__).parents[1]), *sys.path])

    def _programs(self) -> Path:
        """A folder with this very package as the program `cistrace`."""
        programs = self.folder / ".programs"
        programs.mkdir(exist_ok=True)
        program = programs / "cistrace"
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m cistrace "$@"\n')
        program.chmod(0o755)
        return programs

    def run(self, page: Path) -> int:
        """Run what is to be run, and say how many examples that were."""
        done = 0
        found = examples(page)
        try:
            for example, following in zip(found, [*found[1:], None]):
                if example.prints:
                    assert_printed(example, self.printed)
                elif example.why is None and example.language == "python":
                    self._python(example)
                    done += 1
                elif example.why is None and example.language == "sh":
                    self._shell(example, shown=following is not None and following.prints)
                    done += 1
        finally:
            self._stop()
        return done

    def _python(self, example: Example) -> None:
        test = doctest.DocTestParser().get_doctest(example.code, self.names, str(example), example.page, example.line)
        assert test.examples, f"{example}: write it as >>> lines, so that what it gives is checked"
        report: list[str] = []
        failed, _ = doctest.DocTestRunner().run(test, out=report.append, clear_globs=False)
        self.names = test.globs
        assert not failed, "".join(report)

    def _shell(self, example: Example, shown: bool) -> None:
        self.printed = ""
        for line in lines_of(example.code):
            if line.startswith("cistrace serve"):
                self._serve(line)
            elif shown:
                self.printed += self._in_terminal(line)
            elif PLAIN.match(line.partition(" #")[0]):
                self._in_process(example, line)
            else:
                self._outside(example, line)

    def _in_process(self, example: Example, line: str) -> None:
        """Without the seconds that a new Python takes."""
        (words,) = calls(line)
        result = CliRunner().invoke(cli, words, prog_name="cistrace", catch_exceptions=False)
        assert result.exit_code == 0, f"{example}: {line}\n{result.output}"

    def _outside(self, example: Example, line: str) -> None:
        text = line.replace("localhost:8000", f"localhost:{self.port}")
        command = ["bash", "-o", "pipefail", "-c", text]
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{example}: {line}\n{done.stdout}{done.stderr}"
        assert '"error"' not in done.stdout, f"{example}: {line}\n{done.stdout}"

    def _in_terminal(self, line: str) -> str:
        """What a command prints where its output is a terminal of 100 columns."""
        ours, theirs = pty.openpty()
        command = ["bash", "-c", line]
        with subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stdout=theirs, stderr=subprocess.PIPE
        ) as running:
            os.close(theirs)
            shown = b""
            while chunk := _read(ours):
                shown += chunk
            assert running.stderr is not None
            complaints = running.stderr.read().decode()
        assert running.returncode == 0, f"{line}\n{complaints}"
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode()).replace("\r", "")

    def _serve(self, line: str) -> None:
        self._stop()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        words = shlex.split(line, comments=True)
        self.server = subprocess.Popen([*words, "--port", str(self.port)], cwd=self.folder, env=self.environment)
        address = f"http://127.0.0.1:{self.port}/api/health"
        for _ in range(600):
            try:
                with urllib.request.urlopen(address, timeout=5):
                    return
            except OSError:
                assert self.server.poll() is None, "the server ended"
                time.sleep(0.2)
        raise AssertionError(f"no answer at {address}")

    def _stop(self) -> None:
        if self.server is not None:
            self.server.terminate()
            self.server.wait(timeout=60)
            self.server = None


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def assert_printed(example: Example, printed: str) -> None:
    """Every line of the block was printed, in this order; figures with decimals may differ in the last digit."""
    at = 0
    lines = [line.rstrip() for line in printed.splitlines()]
    for told in example.code.splitlines():
        while at < len(lines) and not alike(told.rstrip(), lines[at]):
            at += 1
        assert at < len(lines), f"{example}: not printed: {told}\n{printed}"
        at += 1


def alike(told: str, printed: str) -> bool:
    """Equal but for the last digit of figures with decimals."""
    if NUMBER.sub("#", told) != NUMBER.sub("#", printed):
        return False
    pairs = zip(NUMBER.findall(told), NUMBER.findall(printed))
    return all(abs(float(one) - float(other)) <= LARGEST_DIFFERENCE for one, other in pairs)
