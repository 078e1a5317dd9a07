"""Cores as affinity and cgroups grant them, and threads that sleep while they wait."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cistrace.engines import cores as module
from cistrace.engines.cores import cores, cpu_quota, use_threads
from cistrace.errors import InputError

WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY")


def a_process(folder: Path, cgroup: str, mounts: dict[str, str]) -> Path:
    """A folder like /proc/self; `mounts` maps `ROOT POINT` to `TYPE SOURCE OPTIONS`, points below `folder`."""
    process = folder / "proc"
    process.mkdir()
    (process / "cgroup").write_text(cgroup)
    lines = []
    for number, (places, filesystem) in enumerate(mounts.items(), 30):
        root, point = places.split()
        lines.append(f"{number} 24 0:{number} {root} {folder / point} rw,relatime shared:9 - {filesystem}\n")
    (process / "mountinfo").write_text("".join(lines))
    return process


def limit(folder: Path, content: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cpu.max").write_text(content)


def limit_v1(folder: Path, quota: int, period: int = 100_000) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cpu.cfs_quota_us").write_text(f"{quota}\n")
    (folder / "cpu.cfs_period_us").write_text(f"{period}\n")


UNIFIED = {"/ cg": "cgroup2 cgroup2 rw,nsdelegate"}


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"a/b": "150000 100000\n"}, 1.5),
        ({"a": "50000 100000\n", "a/b": "300000 100000\n"}, 0.5),  # the level above counts too
        ({"a": "max 100000\n", "a/b": "max 100000\n"}, math.inf),
        ({"other": "10000 100000\n"}, math.inf),
        ({"a/b": "torn"}, math.inf),
    ],
)
def test_a_quota_of_cgroups_v2_is_the_smallest_above_the_process(
    tmp_path: Path, limits: dict[str, str], expected: float
) -> None:
    for place, content in limits.items():
        limit(tmp_path / "cg" / place, content)
    assert cpu_quota(a_process(tmp_path, "0::/a/b\n", UNIFIED)) == expected


def test_a_quota_of_cgroups_v1_is_read_beside_other_controllers(tmp_path: Path) -> None:
    limit_v1(tmp_path / "cpu" / "job", 250_000)
    limit_v1(tmp_path / "cpu", -1)
    limit_v1(tmp_path / "memory" / "job", 10_000)  # not the controller of CPU time
    mounts = {"/ memory": "cgroup cgroup rw,memory", "/ cpu": "cgroup cgroup rw,cpu,cpuacct", "/ cg": "cgroup2 none rw"}
    process = a_process(tmp_path, "4:memory:/job\n3:cpuset:/x\n2:cpu,cpuacct:/job\n0::/\n", mounts)
    assert cpu_quota(process) == 2.5


@pytest.mark.parametrize("path", ["/docker/abc", "/docker/abc/", "/", "/elsewhere"])
def test_a_container_sees_its_own_group_as_the_mounted_root(tmp_path: Path, path: str) -> None:
    limit_v1(tmp_path / "cpu", 200_000)
    process = a_process(tmp_path, f"2:cpu:{path}\n", {"/docker/abc cpu": "cgroup cgroup rw,cpu"})
    assert cpu_quota(process) == 2


def test_without_cgroups_there_is_no_quota(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path / "nowhere") == math.inf


@pytest.mark.parametrize(("content", "expected"), [("110000 100000", 2), ("20000 100000", 1), ("max 100000", 4)])
def test_cores_are_those_allowed_that_the_quota_pays_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, expected: int
) -> None:
    limit(tmp_path / "cg", content)
    monkeypatch.setattr(module, "_PROCESS", a_process(tmp_path, "0::/\n", UNIFIED))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5, 8})
    assert cores() == expected


def test_one_allowed_core_is_one_core() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); import cistrace.engines.cores as c"
    assert in_python(f"{code}; print(c.cores())") == "1"


def in_python(code: str, **variables: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in (*WAITING, "OMP_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**environment, **variables}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


SETTINGS = f"import os; print(*(os.environ.get(name, '-') for name in {WAITING}))"


@pytest.mark.parametrize("module_name", ["cistrace", "cistrace.cli.main", "cistrace.predictions.prediction"])
def test_threads_wait_asleep_before_torch_is_loaded(module_name: str) -> None:
    assert in_python(f"import sys, {module_name}; assert 'torch' not in sys.modules; {SETTINGS}") == "PASSIVE - 0 -"


@pytest.mark.parametrize("name", WAITING)
def test_the_users_own_word_on_waiting_stands_alone(name: str) -> None:
    found = in_python(f"import cistrace; {SETTINGS}", **{name: "7"})
    assert found.split() == ["7" if one == name else "-" for one in WAITING]


def test_a_quota_is_told_to_the_runtime_and_to_torch(tmp_path: Path) -> None:
    limit(tmp_path / "cg", "100000 100000")
    process = a_process(tmp_path, "0::/\n", UNIFIED)
    before = (
        "import os, pathlib, cistrace.engines.cores as c; os.sched_getaffinity = lambda _: {0, 1, 2}; "
        f"c._PROCESS = pathlib.Path({str(process)!r}); "
    )
    assert in_python(f"{before} c.settle_threads(); print(os.environ['OMP_NUM_THREADS'])") == "1"
    assert in_python(f"{before} c.settle_threads(); print(os.environ['OMP_NUM_THREADS'])", OMP_NUM_THREADS="2") == "2"
    counts = "import torch; torch.set_num_threads(3); c.use_threads(); print(torch.get_num_threads(), end=' ');"
    assert in_python(f"{before} {counts} c.use_threads(2); print(torch.get_num_threads())") == "1 2"


def test_a_worker_computes_with_one_thread_also_where_torch_came_first() -> None:
    code = "import torch; torch.set_num_threads(2); from cistrace.engines.cores import one_thread; one_thread();"
    assert in_python(f"{code} import os; print(torch.get_num_threads(), os.environ['OMP_NUM_THREADS'])") == "1 1"


FAULTS = """
import resource, threading
import numpy as np
from cistrace.engines.cores import keep_memory
{first}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def work():
    for number in range(20):
        if number == 5:
            before = faults()
        arrays = [np.ones(1 << 17) for _ in range(8)]  # 1 MiB each
        del arrays
    print(faults() - before)
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


def page_faults(first: str, **setting: str) -> int:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC"))}
    program = [sys.executable, "-c", FAULTS.format(first=first)]
    return int(subprocess.run(program, env=environment | setting, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(os.confstr("CS_GNU_LIBC_VERSION") is None, reason="of glibc alone")
def test_a_threads_memory_is_kept_for_its_next_arrays_unless_the_user_says_otherwise() -> None:
    pages = 15 * 8 * (1 << 20) // 4096  # of the arrays made while faults are counted
    assert page_faults("") > pages / 2
    assert page_faults("keep_memory()") < pages / 20
    assert page_faults("keep_memory()", MALLOC_TRIM_THRESHOLD_="131072") > pages / 2


@pytest.mark.parametrize(("threads", "expected"), [(0, "at least 1"), (-3, "at least 1"), (10**9, "at most 1,024")])
def test_numbers_of_threads_that_would_end_the_process_are_refused(threads: int, expected: str) -> None:
    with pytest.raises(InputError, match=f"threads: found {threads}, expected {expected}; leave it out"):
        use_threads(threads)
