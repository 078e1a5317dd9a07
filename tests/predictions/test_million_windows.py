"""A million windows along a genome: read by their places, drawn as a track, in memory that does not grow with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.integration

pytest.importorskip("pybigtools")

PROGRAM = """
import sys
from pathlib import Path
import pybigtools
from cistrace.io.genome import open_genome
from cistrace.io.sequences import read_sequences
from cistrace.predictions.tracks import track_output
genome = Path("g.fa")
with open_genome(genome) as opened:
    lengths = opened.lengths
count = covered = 0
with track_output(Path(sys.argv[2]), lengths, ("A",)) as draw:
    for sequence in read_sequences(sys.argv[1], genome=genome):
        count += 1
        gc = sequence.bases.count("G") + sequence.bases.count("C")
        draw({"cell_type": "A", "start": 1, "end": len(sequence.bases), "activity": gc / 200}, sequence)
# Not ru_maxrss, which begins with that of the process that started this one.
print(count, *(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
CONTIGS, LENGTH = 5, 4_000_000


def test_memory_is_the_same_for_ten_times_as_many(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    with (tmp_path / "g.fa").open("w") as out:
        for contig in range(CONTIGS):
            letters = np.frombuffer(b"ACGT", dtype=np.uint8)[draw.integers(0, 4, LENGTH)].tobytes().decode()
            out.write(f">chr{contig}\n")
            out.writelines(f"{letters[at : at + 80]}\n" for at in range(0, LENGTH, 80))
    found = []
    for count in (100_000, 1_000_000):
        contigs, starts = draw.integers(0, CONTIGS, count), draw.integers(0, LENGTH - 200, count)
        with (tmp_path / f"{count}.bed").open("w") as out:
            out.writelines(
                f"chr{contig}\t{start}\t{start + 200}\tw{at}\n"
                for at, (contig, start) in enumerate(zip(contigs.tolist(), starts.tolist(), strict=True))
            )
        command = [sys.executable, "-c", PROGRAM, f"{count}.bed", f"t{count}"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        records, peak = map(int, done.stdout.split())
        assert records == count
        assert (tmp_path / f"t{count}.A.bw").stat().st_size > 100_000
        found.append(peak)
    print(f"peaks {found} KiB")
    assert found[1] <= 1.2 * found[0], found
