"""Predictions per second with and without traces, beside pymemesuite's scan of the same sequences, in one run.

    python benchmarks/predict.py [--n 192] [--rounds 3]

Random 200 bp sequences in every cell type, each counted. pymemesuite's scan is what a card costs elsewhere, before
anything is predicted. Memory is the peak resident set of the process.
"""

from __future__ import annotations

import argparse
import resource
import statistics

from rivals import fimo, random_sequences, seconds

from cistrace import Predictor
from cistrace.motifs.background import load_background
from cistrace.motifs.library import load_library


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=192)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    predictor, records = Predictor(), random_sequences(arguments.n)
    predictor.predict(records[:8])
    library = load_library()
    rival = fimo(library, load_background("fimo", library), records)
    cells = len(predictor.cell_types)
    rates: dict[bool, list[float]] = {False: [], True: []}
    scans = []
    for _ in range(arguments.rounds):
        for trace in rates:
            spent = seconds(lambda: predictor.predict(records, trace=trace))  # noqa: B023
            rates[trace].append(arguments.n * cells / spent)
        scans.append(arguments.n / seconds(rival))
    scan = statistics.median(scans)
    print(f"pymemesuite scan alone: median {scan:.1f} sequences/s")
    for trace, name in ((False, "without traces"), (True, "with traces")):
        found = rates[trace]
        print(
            f"{name}: median {statistics.median(found):.0f}/s, {min(found):.0f}-{max(found):.0f}/s;"
            f" {statistics.median(found) / cells / scan:.1f} x pymemesuite's scan, by sequence"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()
