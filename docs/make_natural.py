"""Make src/cistrace/data/natural_elements.json: limits of what natural elements have, for the checks of designs.

    python docs/make_natural.py --data DIR [--rows 12000]

Limits are of enhancers of the training split, drawn by a fixed seed; how many val elements pass one of them is
printed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from cistrace.design.figures import sequence_figures
from cistrace.design.reference import FILE, reference_of, reference_text
from cistrace.motifs.scanner import site_scanner
from cistrace.mpra.table import MpraTable, read_joint

DATA = Path(__file__).parents[1] / "src" / "cistrace" / "data"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--rows", type=int, default=12_000)
    asked = parser.parse_args()
    table = read_joint(asked.data)
    scanner = site_scanner()
    reference = reference_of(sequence_figures(_enhancers(table.split("train"), asked.rows), scanner))
    (DATA / FILE).write_text(reference_text(reference), encoding="utf-8")
    val = [list(reference.flags(one)) for one in sequence_figures(_enhancers(table.split("val"), 2_000), scanner)]
    for kind in ("stuffed", "crowded", "repetitive"):
        share = np.mean([any(flag.startswith(kind) for flag in flags) for flags in val])
        print(f"val elements that are {kind}: {100 * share:.2f} % of {len(val):,}")
    print(f"any of these: {100 * np.mean([bool(flags) for flags in val]):.2f} %")


def _enhancers(table: MpraTable, rows: int) -> list[str]:
    peaks = np.flatnonzero([category.endswith("_peak") for category in table.categories])
    return list(table.take(peaks).sample(rows).sequences)


if __name__ == "__main__":
    main()
