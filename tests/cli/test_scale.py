"""docs/scale.md is so: array jobs put together, by a shell and by Snakemake; no more threads at work than cores."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import subprocess_run

pytestmark = pytest.mark.integration

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
SNAKEMAKE = shutil.which("snakemake")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With 90 sequences, and `cistrace` on the path as this interpreter has it."""
    monkeypatch.chdir(tmp_path)
    write_random(tmp_path / "library.fa", 90)
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "cistrace"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m cistrace "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def write_random(path: Path, count: int) -> None:
    letters = np.random.default_rng(0).choice(list("ACGT"), (count, 200))
    path.write_text("".join(f">s{at}\n{''.join(row)}\n" for at, row in enumerate(letters)))


def test_an_array_job_is_the_run(folder: Path) -> None:
    (line,) = re.findall(r"^cistrace predict .*SLURM_ARRAY_TASK_ID.*$", PAGE.read_text(), flags=re.MULTILINE)
    line = line.replace("/8", "/3").replace(" --resume", " --no-trace")
    for task in ("1", "2", "3"):
        subprocess.run(["sh", "-c", line], env={**os.environ, "SLURM_ARRAY_TASK_ID": task}, check=True)
    assert subprocess_run("predict", "library.fa", "--no-trace", "-o", "whole.jsonl").returncode == 0
    parts = b"".join((folder / f"shard-{task}.jsonl").read_bytes() for task in ("1", "2", "3"))
    assert parts == (folder / "whole.jsonl").read_bytes() != b""


@pytest.mark.skipif(SNAKEMAKE is None, reason="snakemake is not installed")
def test_the_snakefile_makes_the_table(folder: Path) -> None:
    (text,) = re.findall(r"^```snakemake\n(.*?)^```$", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
    (folder / "Snakefile").write_text(text)
    done = subprocess.run([str(SNAKEMAKE), "--cores", "2"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert subprocess_run("predict", "library.fa", "--no-trace", "-o", "whole.tsv").returncode == 0
    assert (folder / "library.tsv").read_bytes() == (folder / "whole.tsv").read_bytes()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in /proc")
@pytest.mark.parametrize(("count", "command"), [(4_000, ("scan",)), (800, ("predict", "--no-trace"))])
def test_no_more_threads_are_at_work_than_cores(folder: Path, count: int, command: tuple[str, ...]) -> None:
    """Threads that compute or wait for a core, of the process and those it started, ten times a second."""
    write_random(folder / "many.fa", count)
    line = [sys.executable, "-m", "cistrace", command[0], "many.fa", "--threads", "2", "-o", "out.tsv", *command[1:]]
    with subprocess.Popen(line, stderr=subprocess.DEVNULL) as process:
        seen = []
        while process.poll() is None:
            seen.append(sum(map(at_work, family(process.pid))))
            time.sleep(0.1)
    assert process.returncode == 0
    busy = [number for number in seen if number]
    assert len(busy) > 10 and np.mean(busy) <= 2.2 and np.percentile(busy, 95) <= 3  # one more reads and writes


def family(pid: int) -> Iterator[int]:
    """A process and those it started."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:  # it has ended
            continue
        for child in children:
            yield from family(int(child))


def at_work(pid: int) -> int:
    """How many threads of a process run or could."""
    count = 0
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            count += stat.read_text().rpartition(")")[2].split()[0] == "R"
        except OSError:
            continue
    return count
