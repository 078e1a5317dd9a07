"""Each command quiet and beside a core that another process keeps busy, in turn: what the company costs.

    python benchmarks/busy.py [--rounds 3] [--cores 2] [--only scan predict] [--rows 100]

All runs have the same cores, the busy process among them: on two, fair shares would make a command that uses both
take 1.33 to 2 times as long. The bar is 2.5. Figures are medians of whole commands, start of Python included, over
rounds in which quiet and busy runs take turns; a machine with other work has no quiet runs, and the ratio is then too
low. `GOMP_SPINCOUNT=300000 python benchmarks/busy.py` shows what threads that spin would cost.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

BAR = 2.5
STEPS = 10  # of stage I


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--rows", type=int, default=100, help="sequences that are predicted; ten times as many scanned")
    parser.add_argument("--only", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    allowed = sorted(os.sched_getaffinity(0))[: arguments.cores]
    os.sched_setaffinity(0, allowed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asked = commands(folder, arguments.rows)
        print(f"{len(allowed)} cores, {arguments.rounds} rounds, load before {os.getloadavg()[0]:.1f}", flush=True)
        for label, command in asked.items():
            if arguments.only and label not in arguments.only:
                continue
            quiet, busy = [], []
            for _ in range(arguments.rounds):
                quiet.append(seconds(command, folder))
                with a_busy_core():
                    busy.append(seconds(command, folder))
            ratio = statistics.median(busy) / statistics.median(quiet)
            over = "" if ratio <= BAR else f", over the bar of {BAR}"
            print(f"{label}: quiet {said(quiet)}, beside a busy core {said(busy)}, ratio {ratio:.2f}{over}", flush=True)


def said(spent: list[float]) -> str:
    return f"{statistics.median(spent):.1f} s ({min(spent):.1f}-{max(spent):.1f})"


def commands(folder: Path, rows: int) -> dict[str, list[str]]:
    """What is timed, by name; inputs are made up here and written to the folder."""
    bases = random_bases(10 * rows)
    (folder / "many.fa").write_text("".join(f">s{at}\n{text}\n" for at, text in enumerate(bases)))
    (folder / "few.fa").write_text("".join(f">s{at}\n{text}\n" for at, text in enumerate(bases[:rows])))
    activity = np.random.default_rng(1).normal(size=len(bases))
    lines = [f"{text}\t{value:.3f}\tLiver\tchr{at % 20 + 1}" for at, (text, value) in enumerate(zip(bases, activity))]
    (folder / "table.tsv").write_text("sequence\tactivity\tcell_type\tchromosome\n" + "\n".join(lines) + "\n")
    build = ["reasonbench", "build", "table.tsv", "--cell-type", "Liver", "--val", "chr19", "--test", "chr5", "--all"]
    cistrace(folder, [*build, "-o", "bench"])
    training = ["--recipe", "compact", "--data", "bench", "tower.light.epochs=1", "tower.legnet.epochs=1"]
    training += ["cards.rows=300", "cards.pieces=0", f"rationale.most_steps={STEPS}"]
    cistrace(folder, ["train", "tower", *training, "-o", "out"])
    (folder / "out").rename(folder / "towers")
    return {
        "scan": ["scan", "many.fa", "-o", "out.tsv"],
        "card": ["card", "few.fa", "--cell-type", "all", "-o", "out.txt"],
        "predict": ["predict", "few.fa", "--cell-type", "K562", "-o", "out.tsv"],
        "predict --no-trace": ["predict", "many.fa", "--no-trace", "-o", "out.tsv"],
        "reasonbench build": [*build, "-o", "out"],
        "train rationale": ["train", "rationale", *training, "-o", "out"],
    }


def random_bases(number: int) -> list[str]:
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    return [row.tobytes().decode() for row in letters[np.random.default_rng(0).integers(0, 4, size=(number, 200))]]


def seconds(command: list[str], folder: Path) -> float:
    """Wall-clock time of one command; what it wrote is removed. Training goes on from towers made before."""
    if command[0] == "train":
        shutil.copytree(folder / "towers", folder / "out")
    start = time.perf_counter()
    cistrace(folder, command)
    spent = time.perf_counter() - start
    for path in folder.glob("out*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return spent


def cistrace(folder: Path, command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "cistrace", *command], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"cistrace {' '.join(command)}: {done.stderr}")


@contextmanager
def a_busy_core() -> Iterator[None]:
    """Keep one process computing."""
    spinning = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        spinning.kill()
        spinning.wait()


if __name__ == "__main__":
    main()
