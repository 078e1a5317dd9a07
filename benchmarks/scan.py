"""How fast the scanner is, beside FIMO's own code (pymemesuite) and bare lightmotif, in one run.

    python benchmarks/scan.py [--n 2000] [--rounds 3] [--fimo 500]

Random 200 bp sequences, every matrix of the motif library, p <= 5e-5. The rounds go through all contestants in turn,
so that a busy machine slows all alike; medians of the rounds and their ratios are printed. pymemesuite spends several
milliseconds a matrix on q-values however few the sequences: give it hundreds to see its speed. Two cores show their
worth only where two are free. Start-up is a fresh process that imports the package, loads the library, builds the
scanner and scans one sequence.
"""

from __future__ import annotations

import os

# Before numpy loads: nothing here may use a second core unless it is asked to.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable

from rivals import LENGTH, bare_lightmotif, fimo, random_sequences, seconds

from cistrace.motifs.background import load_background
from cistrace.motifs.library import DEFAULT_LIBRARY, load_library
from cistrace.motifs.scanner import Scanner

START_UP = (
    "from cistrace.motifs.background import load_background;"
    "from cistrace.motifs.library import load_library; from cistrace.motifs.scanner import Scanner;"
    "Scanner(load_library({library!r}), load_background('fimo')).scan(['ACGT' * 50])"
)


def start_up(library: str) -> float:
    return seconds(lambda: subprocess.run([sys.executable, "-c", START_UP.format(library=library)], check=True))


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the scanner beside FIMO and bare lightmotif.")
    parser.add_argument("--n", type=int, default=2000, help="sequences for the fast contestants")
    parser.add_argument("--fimo", type=int, default=500, help="sequences for pymemesuite")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--library", default=DEFAULT_LIBRARY)
    options = parser.parse_args()

    library, background = load_library(options.library), load_background("fimo")
    sequences = random_sequences(options.n)
    one = Scanner(library, background)
    two = Scanner(library, background, threads=2)
    two.scan(random_sequences(2000))  # starts the processes
    contestants: dict[str, tuple[int, Callable[[], object]]] = {
        "cistrace, one core": (options.n, lambda: one.scan(sequences)),
        "cistrace, two cores": (options.n, lambda: two.scan(sequences)),
        "bare lightmotif, one core": (options.n, bare_lightmotif(library, background, sequences)),
        "pymemesuite FIMO, one core": (options.fimo, fimo(library, background, sequences[: options.fimo])),
    }
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    starts = []
    for _ in range(options.rounds):
        for name, (number, work) in contestants.items():
            rates[name].append(number / seconds(work))
        starts.append(start_up(options.library))
    two.close()

    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{len(library)} matrices of {library.name}, {LENGTH} bp, {options.rounds} rounds; load {load:.1f}")
    base = statistics.median(rates["cistrace, one core"])
    for name, found in rates.items():
        rate = statistics.median(found)
        print(f"{name:<28}{rate:>9.1f} sequences/s   cistrace, one core is {base / rate:6.2f} x this")
    print(f"{'start-up to first scan':<28}{statistics.median(starts):>9.2f} s")


if __name__ == "__main__":
    main()
