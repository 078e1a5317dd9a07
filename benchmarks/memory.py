"""Peak memory against the number of sequences: it should not grow.

    python benchmarks/memory.py [--commands scan card predict] [--most 100000]

Runs each command on random sequences of 200 bp, 10,000 of them and ten and a hundred times as many up to `--most`, each
in a process of its own, and prints its peak resident set and the ratio to that of the smallest run (bar: within 1.2).
`card` runs without evidence, `predict` without traces; `card-towers` and `predict-traces` are further commands (many
times as slow: give a smaller `--least`). The input is FASTA that the run reads as any other file; results go to a file.
On one core, unless `--threads` says otherwise.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

TOGETHER = 10_000
COMMANDS = {
    "scan": (["scan"], "out.tsv.gz"),
    "card": (["card", "--cell-type", "K562", "--evidence", "none"], "out.txt.gz"),
    "card-towers": (["card", "--cell-type", "K562"], "out.txt.gz"),
    "predict": (["predict", "--no-trace"], "out.parquet"),
    "predict-traces": (["predict", "--cell-type", "K562"], "out.jsonl.gz"),
}
"""Arguments before the input, and the output's name."""


def write_random_fasta(path: Path, count: int, length: int) -> None:
    """Random sequences, the same for the same count."""
    random = np.random.default_rng(0)
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    with path.open("wb") as out:
        for start in range(0, count, TOGETHER):
            rows = letters[random.integers(0, 4, (min(TOGETHER, count - start), length))]
            for number, row in enumerate(rows, start):
                out.write(b">s%d\n%s\n" % (number, row.tobytes()))


def peak_of(command: list[str]) -> tuple[float, float]:
    """Run a command; its peak resident set in MiB, with that of its processes, and its seconds."""
    began = time.monotonic()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    return usage.ru_maxrss / 1024, time.monotonic() - began


def sizes(least: int, most: int) -> Iterator[int]:
    while least <= most:
        yield least
        least *= 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=["scan", "card", "predict"])
    parser.add_argument("--least", type=int, default=10_000)
    parser.add_argument("--most", type=int, default=100_000)
    parser.add_argument("--length", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    print(f"{'command':16} {'sequences':>10} {'peak MiB':>9} {'ratio':>6} {'seconds':>8}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in sizes(arguments.least, arguments.most):
            write_random_fasta(folder / f"{count}.fa", count, arguments.length)
        for command in arguments.commands:
            first = None
            words, output = COMMANDS[command]
            for count in sizes(arguments.least, arguments.most):
                peak, seconds = peak_of(
                    [sys.executable, "-m", "cistrace", *words, str(folder / f"{count}.fa"), "-o", str(folder / output),
                     "--threads", str(arguments.threads)]
                )  # fmt: skip
                first = first or peak
                print(f"{command:16} {count:10,} {peak:9.0f} {peak / first:6.2f} {seconds:8.0f}", flush=True)


if __name__ == "__main__":
    main()
