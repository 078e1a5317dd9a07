"""How many cores this process may use, and how threads that have nothing to do wait for each other.

The OpenMP runtime that PyTorch brings along lets threads that wait for one another spin, by default for milliseconds.
Where anything else runs on one of the cores, they burn the time it lacks, and work takes many times as long. It also
counts the machine's cores where a container may use the time of a few. A runtime reads its settings once, as it is
loaded, so importing `cistrace` makes them first; nothing but the standard library is imported here.
"""

from __future__ import annotations

import ctypes
import math
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

# GCC's runtime (PyTorch on Linux) reads the first two, LLVM's and Intel's the first and the last two.
_WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY")
_PROCESS = Path("/proc/self")
MOST_THREADS = 1024  # with some more the runtime ends the process where it cannot start them
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_KEPT, _LARGEST = 512 << 20, 32 << 20  # bytes; more than the second is no threshold for glibc


def settle_threads() -> None:
    """Let idle threads of OpenMP sleep, and no more of them start than `cores()`: here and in processes started here.

    Environment variables, read by a runtime that is not loaded yet. Nothing is said of waiting where the user has set
    any of OMP_WAIT_POLICY, GOMP_SPINCOUNT, KMP_BLOCKTIME and KMP_LIBRARY, nor of a number where OMP_NUM_THREADS is set.
    """
    if not any(name in os.environ for name in _WAITING):
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ["KMP_BLOCKTIME"] = "0"  # milliseconds; LLVM's runtime waits 200 even where it is passive
    if cores() < _allowed():  # the runtime knows of affinity, but of no quota
        os.environ.setdefault("OMP_NUM_THREADS", str(cores()))


def cores() -> int:
    """Cores this process may use, at least 1: those of its affinity, and no more than its cgroups pay for.

    A quota of CPU time, of either version of cgroups and on any level above the process, counts in whole cores,
    rounded up. Without affinity (macOS) or cgroups, what the machine has.
    """
    return max(1, math.ceil(min(_allowed(), cpu_quota(_PROCESS))))


def _allowed() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def use_threads(threads: int | None = None) -> None:
    """Let PyTorch compute with so many threads; unless given, with as many as before, but no more than `cores()`.

    Loads torch.

    Raises
    ------
    InputError
        Fewer threads than 1, or more than `MOST_THREADS`.
    """
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        from cistrace.errors import InputError

        expected = "at least 1" if threads < 1 else f"at most {MOST_THREADS:,}"
        raise InputError(f"threads: found {threads}, expected {expected}; leave it out for all cores")

    import torch

    torch.set_num_threads(threads or min(torch.get_num_threads(), cores()))
    torch.get_num_threads()  # a thread that has asked keeps its number, whatever another sets later


@cache
def keep_memory() -> None:
    """Let glibc keep arrays' memory that is free for the next ones, up to 512 MiB, where the user has set nothing else.

    By itself it gives memory of threads back to the system and has it made anew, page by page, for every operation on
    arrays of some MiB: a quarter of the time of passes side by side. Nothing happens without glibc.
    """
    if any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
        return
    with suppress(AttributeError, OSError, TypeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_TRIM_THRESHOLD, _KEPT)
        libc.mallopt(_MMAP_THRESHOLD, _LARGEST)


def one_thread() -> None:
    """Initializer of a worker process, many of which work side by side: each computes with one thread."""
    os.environ["OMP_NUM_THREADS"] = "1"
    if "torch" in sys.modules:
        use_threads(1)


def cpu_quota(process: Path) -> float:
    """The smallest quota of CPU time over the process's cgroups and all above them, in cores; infinity without one.

    Parameters
    ----------
    process : Path
        `/proc/self`, or a folder with files `cgroup` and `mountinfo` like those there.
    """
    return min((quota for folder in _cpu_groups(process) if (quota := _quota(folder)) is not None), default=math.inf)


def _cpu_groups(process: Path) -> Iterator[Path]:
    """Folders of the cgroups that can limit the CPU time of a process: its own, and every one above, up to the mount.

    cgroups(7) and proc(5): a line of `cgroup` is HIERARCHY:CONTROLLERS:PATH, with no controllers in version 2; one of
    `mountinfo` has the mounted root and the mount point as fields 4 and 5, and behind ` - ` type, source, options.
    """
    try:
        groups = [line.split(":", 2) for line in (process / "cgroup").read_text().splitlines()]
        mounts = [line.partition(" - ") for line in (process / "mountinfo").read_text().splitlines()]
    except OSError:  # not Linux, or /proc is not mounted
        return
    paths = {"cgroup2" if not names else "cgroup": path for _, names, path in groups if not names or _has_cpu(names)}
    for mount, _, filesystem in mounts:
        kind, _, options = filesystem.split(" ", 2)
        if kind not in paths or (kind == "cgroup" and not _has_cpu(options)):
            continue
        root, point = mount.split()[3:5]
        # In a container the path may be the host's, of which no more than the part below the mounted root is seen.
        inside = paths[kind].removeprefix(root.rstrip("/")).strip("/")
        folder = Path(point)
        yield folder
        for name in filter(None, inside.split("/")):
            folder = folder / name
            yield folder


def _has_cpu(names: str) -> bool:
    return "cpu" in names.split(",")


def _quota(folder: Path) -> float | None:
    """Cores' worth of CPU time that one cgroup grants; None where it sets no limit."""
    try:
        if (folder / "cpu.max").exists():
            most, period = (folder / "cpu.max").read_text().split()
        else:
            most, period = ((folder / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
        return int(most) / int(period) if most != "max" and int(most) > 0 else None
    except (OSError, ValueError):  # the root of version 2 has no such file
        return None
