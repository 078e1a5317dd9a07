"""Digests and sorted texts on disk: nothing forgotten, nothing out of order, a full disk told in one line."""

from __future__ import annotations

import resource
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from cistrace.io import disk
from cistrace.io.disk import DigestsOnDisk, SortedOnDisk


@given(st.sets(st.binary(min_size=16, max_size=16)), st.sets(st.binary(min_size=16, max_size=16)))
def test_digests_are_those_that_were_added(first: set[bytes], second: set[bytes]) -> None:
    digests = DigestsOnDisk()
    digests.add(sorted(first))
    digests.add(second)  # some a second time
    assert all(one in digests for one in first | second)
    assert b"\0" * 15 not in digests


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-(2**62), 2**62), st.text())))
def test_texts_leave_sorted_and_equals_as_they_came(rows: list[tuple[int, int, str]]) -> None:
    rows = [(first, second, text.encode("utf-8", "replace").decode()) for first, second, text in rows]
    waiting = SortedOnDisk()
    for row in rows:
        waiting.add(*row)
    assert list(waiting) == sorted(rows, key=lambda row: row[:2])


def test_memory_does_not_grow_with_what_lies_on_disk() -> None:
    """300,000 digests and texts, 80 MB as Python objects, in a process of their own."""
    code = """
from cistrace.io.disk import DigestsOnDisk, SortedOnDisk
def peak():  # not ru_maxrss, which begins with that of the process that started this one
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
before = peak()
digests, texts = DigestsOnDisk(), SortedOnDisk()
for block in range(10):
    digests.add(number.to_bytes(16) for number in range(block * 30_000, (block + 1) * 30_000))
for number in range(300_000):
    texts.add(number % 7, -number, f"text {number:0100}")
assert sum(1 for _ in texts) == 300_000
print(peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 24_000, "KiB"


def test_no_room_is_told_in_one_line_that_names_the_folder() -> None:
    code = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, {resource.RLIM_INFINITY}))
from cistrace.errors import OutputError
from cistrace.io.disk import DigestsOnDisk, SortedOnDisk
digests, texts = DigestsOnDisk(), SortedOnDisk()
try:
    digests.add(number.to_bytes(16) for number in range(1_000_000))
except OutputError as error:
    print(error)
try:
    for number in range(100_000):
        texts.add(number, 0, "x" * 1000)
except OutputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 2, done.stdout
    assert all(f"{disk._folder_of_sqlite()}: temporary files cannot be written" in line for line in lines)
