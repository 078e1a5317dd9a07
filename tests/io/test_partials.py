"""What a killed process left goes with the next run of the same output; nothing else does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cistrace.io.files import whole_file, whole_folder
from cistrace.io.partials import part_beside

HOLD = """
import sys, time
from pathlib import Path
from cistrace.io.files import whole_file, whole_folder
with (whole_file if sys.argv[2] == "file" else whole_folder)(Path(sys.argv[1])) as part:
    (part / "inside" if part.is_dir() else part).write_text("begun")
    print(part, flush=True)
    time.sleep(60)
"""


def writer_of(target: Path, kind: str) -> tuple[subprocess.Popen[str], Path]:
    """A process that is writing to a target, and where."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, target, kind], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().rstrip("\n"))


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_process_left_goes_and_what_a_living_one_writes_stays(tmp_path: Path, kind: str) -> None:
    target, other = tmp_path / "out", tmp_path / "out.2"
    dead, left = writer_of(target, kind)
    elsewhere, untouched = writer_of(other, kind)
    living, begun = writer_of(target, kind)
    try:
        for process in (dead, elsewhere):
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert left.exists() and untouched.exists() and begun.exists()
        with whole_file(target) if kind == "file" else whole_folder(target) as part:
            assert not left.exists() and part.exists()
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["out", untouched.name, begun.name])
    finally:
        for process in (dead, elsewhere, living):
            process.kill()
            process.communicate()


def a_dead_ones(target: Path) -> Path:
    """The name that a process that is no more would have written under."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    part = part_beside(target)
    return part.with_name(part.name.replace(f"-{os.getpid()}-", f"-{process.pid}-"))


def test_links_and_names_that_are_not_ours_stay(tmp_path: Path) -> None:
    target, mine = tmp_path / "out.tsv", tmp_path / "mine"
    (mine / "deep").mkdir(parents=True)
    link, folder_link, dead = (a_dead_ones(target) for _ in range(3))
    link.symlink_to(mine / "deep" / "absent")
    folder_link.symlink_to(mine)
    machine = dead.name.split(".")[3].split("-")[0]
    kept = [
        link, folder_link, part_beside(target), tmp_path / ".out.tsv.1.partial",
        dead.with_name(dead.name.replace(machine, "0" * len(machine))),  # another machine's, on a shared disk
        dead.with_name(dead.name + ".bak"), dead.with_name(dead.name.replace(".partial", ".older")),
    ]  # fmt: skip
    for path in (dead, *kept[2:]):
        path.write_text("x")
    with whole_file(target) as part:
        part.write_text("new")
    assert not dead.exists() and all(path.is_symlink() or path.exists() for path in kept)
    assert (mine / "deep").is_dir()


def test_another_users_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out.tsv"
    left = a_dead_ones(target)
    left.write_text("theirs")
    monkeypatch.setattr("os.geteuid", lambda: os.getuid() + 1)
    with whole_file(target) as part:
        part.write_text("new")
    assert left.read_text() == "theirs"


def test_a_target_of_the_longest_name_has_room_for_its_partial(tmp_path: Path) -> None:
    target = tmp_path / ("ö" * 127)  # 254 bytes
    with whole_file(target) as part:
        part.write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
