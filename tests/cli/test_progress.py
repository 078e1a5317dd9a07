"""How far a command is: what is said in a log and in a terminal, and that results never mix with it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from cli_helpers import DNA

from cistrace.cli.progress import Progress, duration
from cistrace.io.count import RecordCount


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("time.monotonic", clock)
    return clock


def test_a_log_gets_a_line_now_and_then(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("sequences", RecordCount(10_000, True)) as progress:
        for _ in range(50):
            clock.now += 1
            progress.advance(40)
    assert capsys.readouterr().err.splitlines() == [
        "cistrace: 800 of 10,000 sequences, 40/s, 4 min left",
        "cistrace: 1,600 of 10,000 sequences, 40/s, 4 min left",
    ]


def test_traces_of_a_block_count_before_it_is_done(clock: Clock) -> None:
    with Progress("sequences", RecordCount(100, True)) as progress:
        progress.advance(10)
        clock.now += 20
        progress.within(2.5, most=10)
        assert progress.state().startswith("12 of 100")
        progress.within(50, most=10)
        assert progress.state().startswith("20 of 100")
        progress.advance(10)
        assert progress.state() == "20 of 100 sequences, 1.0/s, 80 s left" or "1 min left" in progress.state()


def test_what_an_earlier_run_did_is_no_part_of_the_speed(clock: Clock) -> None:
    with Progress("sequences", RecordCount(1000, True)) as progress:
        progress.skip(900)
        clock.now += 10
        progress.advance(50)
        assert progress.state() == "950 of 1,000 sequences, 5.0/s, 10 s left"


def test_an_unknown_or_reckoned_number_says_so(clock: Clock) -> None:
    with Progress("sequences") as progress:
        clock.now += 2
        progress.advance(9)
        assert progress.state() == "9 sequences, 4.5/s"
    with Progress("sequences", RecordCount(20, False)) as progress:
        progress.advance(30)
        assert progress.state() == "30 of about 30 sequences"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59.4, "59 s"), (61, "1 min"), (3599, "1 h 0 min"), (9000, "2 h 30 min")]
)
def test_durations_read_well(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def in_terminal(command: list[str], folder: Path, results_too: bool) -> tuple[str, str]:
    """What a command writes to a terminal, and to a pipe for its results where they do not go to the terminal."""
    main, end = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=end if results_too else subprocess.PIPE, stderr=end,
        env=environment,
    ) as process:  # fmt: skip
        os.close(end)
        shown = b""
        piped = b"" if process.stdout is None else process.stdout.read()
        while True:
            try:
                shown += os.read(main, 65536)
            except OSError:  # the other end is closed
                break
    os.close(main)
    assert process.returncode == 0, shown
    return shown.decode(), piped.decode()


@pytest.mark.parametrize("results_too", [False, True])
def test_results_and_progress_do_not_mix(tmp_path: Path, results_too: bool) -> None:
    (tmp_path / "in.fa").write_text("".join(f">r{i}\n{DNA * 6}\n" for i in range(2000)))
    command = [sys.executable, "-m", "cistrace", "scan", "in.fa", "--p-threshold", "1e-6", "--threads", "1"]
    plain = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    shown, piped = in_terminal(command, tmp_path, results_too)
    assert "of 2,000 sequences" in shown
    if results_too:
        assert shown.replace("\r\n", "\n").endswith(plain)  # the line was gone before
    else:
        assert piped == plain
