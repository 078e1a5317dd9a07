"""Processes side by side: order, few ahead, one thread, and what becomes of the work when one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from cistrace.engines.workers import AHEAD, Workers, blocks
from cistrace.errors import WorkerError


def double(number: int) -> int:
    return 2 * number


def double_late(number: int) -> int:
    time.sleep(0.4 if number == 0 else 0)
    return 2 * number


def refuse(number: int) -> int:
    raise LookupError(str(number))


def die_once(mark: Path, number: int) -> int:
    """Kills its own process the first time that it is given a 3, as a system out of memory would."""
    if number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def threads_allowed(_: int) -> str | None:
    return os.environ.get("OMP_NUM_THREADS")


@pytest.fixture(scope="module")
def two() -> Iterator[Workers]:
    with Workers(2) as workers:
        yield workers


def test_results_come_in_the_order_of_the_tasks(two: Workers) -> None:
    assert list(two.map(double_late, range(20))) == [2 * number for number in range(20)]
    with Workers(1) as alone:
        assert list(alone.map(double, range(20))) == [2 * number for number in range(20)]


def test_as_finished_gives_what_ends_first(two: Workers) -> None:
    found = list(two.as_finished(double_late, range(4)))
    assert sorted(found) == [(0, 0), (1, 2), (2, 4), (3, 6)]
    assert found[0][0] != 0


def test_few_tasks_are_taken_ahead(two: Workers) -> None:
    taken: list[int] = []
    results = two.map(double, (taken.append(number) or number for number in range(1000)))  # type: ignore[func-returns-value]
    assert next(results) == 0
    assert len(taken) == 2 * AHEAD
    results.close()  # type: ignore[attr-defined]
    assert list(two.map(double, [5])) == [10]


def test_what_a_task_raises_is_raised_here(two: Workers) -> None:
    with pytest.raises(LookupError, match="7"):
        list(two.map(refuse, [7]))


def test_every_process_has_one_thread(two: Workers) -> None:
    before = os.environ.get("OMP_NUM_THREADS")
    assert set(two.map(threads_allowed, range(20))) == {"1"}
    assert os.environ.get("OMP_NUM_THREADS") == before


def test_a_process_that_is_killed_is_made_up_for(tmp_path: Path) -> None:
    with Workers(2) as workers:
        found = list(workers.map(partial(die_once, tmp_path / "mark"), range(12)))
    assert found == [2 * number for number in range(12)]
    assert (tmp_path / "mark").exists()


def test_processes_that_keep_dying_end_in_one_clear_line() -> None:
    with Workers(2) as workers, pytest.raises(WorkerError, match="ended while it worked, twice; free memory"):
        list(workers.map(die, range(3)))


def test_blocks_hold_all_in_order() -> None:
    assert list(blocks(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(blocks([], 3)) == []


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import os, signal, sys\n"
        "from cistrace.engines.workers import Workers\n"
        "if __name__ == '__main__':\n"
        "    workers = Workers(2)\n"
        "    print(*workers.map(os.getpgid, [0] * 8), flush=True)\n"
        "    print(*workers._pool._processes, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, program], stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    processes = [int(word) for word in done.stdout.splitlines()[1].split()]
    assert len(processes) == 2
    deadline = time.monotonic() + 20
    while any(map(is_running, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, processes))


def is_running(process: int) -> bool:
    """Not ended, nor a zombie that nobody has asked after."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
