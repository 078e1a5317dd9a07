"""A disk that is full, a reader that goes away, files that cannot be read: one line, a code that tells, nothing left.

A limit on the size of files (`RLIMIT_FSIZE`) stands for a full disk: writing then fails in the same places.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import subprocess_run

pytestmark = pytest.mark.pipeline

TRACE = "Traceback"


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    draw = np.random.default_rng(0)
    records = (f">s{at}\n{''.join(draw.choice(list('ACGT'), 200))}\n" for at in range(30))
    (folder / "in.fa").write_text("".join(records))
    genome = "".join(draw.choice(list("ACGT"), 5000))
    (folder / "g.fa").write_text(f">chr1\n{genome}\n")
    (folder / "g.fa.fai").write_text("chr1\t5000\t6\t5000\t5001\n")
    (folder / "in.bed").write_text("".join(f"chr1\t{at}\t{at + 200}\n" for at in range(0, 4500, 90)))
    changes = ((at, genome[at]) for at in range(300, 4500, 100))
    (folder / "in.tsv").write_text(
        "chrom\tpos\tref\talt\n"
        + "".join(f"chr1\t{at + 1}\t{ref}\t{'C' if ref != 'C' else 'A'}\n" for at, ref in changes)
    )
    return folder


def limited(folder: Path, size: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run where no file may grow beyond `size` bytes."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    command = [sys.executable, "-B", "-m", "cistrace", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, preexec_fn=limit)


@pytest.mark.parametrize(
    ("size", "output", "arguments"),
    [
        (4000, "out.tsv", ("scan", "in.fa", "-o", "out.tsv")),
        (2000, "out.txt.gz", ("card", "in.fa", "--cell-type", "K562", "-o", "out.txt.gz")),
        (3000, "out.parquet", ("predict", "in.fa", "--no-trace", "-o", "out.parquet")),
        (3000, "out.jsonl.gz", ("predict", "in.fa", "--no-trace", "-o", "out.jsonl.gz")),
        (3000, "t.K562.bw", ("predict", "in.bed", "--genome", "g.fa", "--no-trace", "--bigwig", "t", "-o", "out.tsv")),
        (3000, "v.vcf.gz", ("variants", "in.tsv", "--genome", "g.fa", "--no-trace", "-o", "v.vcf.gz")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_full_disk_is_one_line_and_leaves_nothing(
    inputs: Path, tmp_path: Path, size: int, output: str, arguments: tuple[str, ...]
) -> None:
    for path in inputs.iterdir():
        (tmp_path / path.name).symlink_to(path)
    before = set(os.listdir(tmp_path))
    done = limited(tmp_path, size, *arguments)
    assert done.returncode == 2, done.stderr
    assert TRACE not in done.stderr
    faults = [line for line in done.stderr.splitlines() if "cannot be written" in line]
    assert len(faults) == 1, done.stderr
    assert set(os.listdir(tmp_path)) == before


@pytest.mark.parametrize("arguments", [("scan", "in.fa"), ("predict", "in.fa", "--no-trace"), ("--help",)])
def test_standard_output_that_is_full(inputs: Path, arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "cistrace", *arguments]
        done = subprocess.run(command, cwd=inputs, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2 and TRACE not in done.stderr, done.stderr
    assert "No space left on device" in done.stderr


@pytest.mark.parametrize("command", ["scan in.fa", "card in.fa --cell-type K562", "predict in.fa --no-trace"])
def test_a_reader_that_goes_away(inputs: Path, command: str) -> None:
    shell = f"set -o pipefail; {sys.executable} -m cistrace {command} | head -n 1 > /dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], cwd=inputs, capture_output=True, text=True, check=False)
    assert done.stdout.strip() in ("141", "0") and TRACE not in done.stderr and "BrokenPipe" not in done.stderr


def test_a_file_that_cannot_be_read(inputs: Path, tmp_path: Path) -> None:
    """A folder of the system that answers reads with an error, as a disk with bad blocks does."""
    for path in ("/proc/self/mem", "/proc/self/task"):
        done = subprocess_run("scan", path)
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and path in done.stderr, done.stderr
