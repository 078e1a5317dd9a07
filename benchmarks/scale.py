"""Time against cores and against Ray workers: scan, and predict --no-trace, with 1 and with 2 of them.

    python benchmarks/scale.py [--rows 20000] [--rounds 3] [--workers 1 2] [--only scan] [--engines local ray]

Every figure is the time from the first block handed over to the last row written (to nowhere), in a process of its own
whose engine has worked for some seconds before: imports and models, which take the same time however long the work, are
left out. Rounds take turns; figures are medians. The bar is 1.7 times the speed with 2.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import islice
from typing import Any

import numpy as np

from cistrace.engines.engine import Engine, LocalEngine
from cistrace.engines.stage import Stage
from cistrace.engines.workers import blocks
from cistrace.io.dna_sequence import DnaSequence

BAR = 1.7
COMMANDS = ("scan", "predict")
BLOCK = {"scan": 1000, "predict": 192}
WARM, WARM_SECONDS = 4, 8.0  # blocks that are done again and again, for so long, before the clock starts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000, help="sequences that are scanned; a tenth are predicted")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs=2, default=(1, 2))
    parser.add_argument("--only", nargs="*", choices=COMMANDS, default=COMMANDS)
    parser.add_argument("--engines", nargs="*", choices=("local", "ray"), default=("local", "ray"))
    parser.add_argument("--one", nargs=2, metavar=("ENGINE", "WORKERS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one is not None:
        print(timed(asked.only[0], asked.one[0], int(asked.one[1]), asked.rows))
        return
    for command in asked.only:
        for engine in asked.engines:
            compare(command, engine, asked.workers, asked.rows, asked.rounds)


def compare(command: str, engine: str, workers: tuple[int, int], rows: int, rounds: int) -> None:
    """Print one line of the table."""
    found: dict[int, list[float]] = {number: [] for number in workers}
    count = rows if command == "scan" else rows // 10
    for _ in range(rounds):
        for number in workers:
            line = [sys.executable, __file__, "--only", command, "--one", engine, str(number), "--rows", str(count)]
            done = subprocess.run(line, capture_output=True, text=True, check=True)
            found[number].append(float(done.stdout.splitlines()[-1]))
    told, medians = [], []
    for number, seconds in found.items():
        medians.append(statistics.median(seconds))
        told.append(
            f"{number}: {medians[-1]:.1f} s ({min(seconds):.1f}-{max(seconds):.1f}), {count / medians[-1]:,.0f}/s"
        )
    ratio = medians[0] / medians[1]
    print(f"{command}, {engine}: {'; '.join(told)}; ratio {ratio:.2f} (bar {BAR})", flush=True)


def timed(command: str, engine: str, workers: int, rows: int) -> float:
    """Seconds of the work."""
    block = BLOCK[command]
    sequences = [DnaSequence(f"s{at}", bases) for at, bases in enumerate(random_bases(rows + WARM * block))]
    before, wanted = sequences[: WARM * block], sequences[WARM * block :]
    stage = stage_of(command, workers if engine == "local" else 1)
    with opened(engine, workers) as at_work:
        began = time.perf_counter()
        while time.perf_counter() - began < WARM_SECONDS:
            consume(command, at_work, stage, before)
        began = time.perf_counter()
        consume(command, at_work, stage, wanted)
        return time.perf_counter() - began


def consume(command: str, engine: Engine, stage: Stage[Any, Any, Any], sequences: list[DnaSequence]) -> None:
    """Do the work and write its rows as the command does, to nowhere."""
    rows = (row for _, found in engine.map(stage, blocks(sequences, BLOCK[command])) for row in found)
    if command == "scan":
        from cistrace.motifs.fimo import write_fimo_blocks

        write_fimo_blocks(rows, StringIO())
    else:
        exhaust(json.dumps(row) for row in rows)


def exhaust(items: Iterable[object]) -> None:
    for _ in items:
        pass


def stage_of(command: str, threads: int) -> Stage[Any, Any, Any]:
    from cistrace.cli.stages import PredictionStage, RowStage, ScanStage
    from cistrace.motifs.background import load_background
    from cistrace.motifs.library import load_library

    if command == "scan":
        library = load_library()
        return ScanStage(library, load_background("fimo", library), 5e-5)
    return RowStage(PredictionStage(None, threads, "cpu", None, ("all",), False, "best"))


def opened(engine: str, workers: int) -> Any:
    if engine == "local":
        return LocalEngine(workers)
    from cistrace.engines.ray_engine import RayEngine

    return RayEngine("local", workers)


def random_bases(number: int) -> Iterator[str]:
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    random = np.random.default_rng(0)
    return islice((letters[random.integers(0, 4, 200)].tobytes().decode() for _ in iter(int, 1)), number)


if __name__ == "__main__":
    main()
