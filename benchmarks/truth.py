"""Whether named sites are where a measured enhancer loses activity: saturation mutagenesis of SORT1 in HepG2.

    python benchmarks/truth.py --data DIR

DIR holds satmut_SORT1_HepG2.tsv.gz (Kircher et al. 2019). The measured loss at a base is minus the mean effect of its
substitutions, log2, of the experiments with at least 10 barcodes. Every 200-bp window of the element (600 bp,
overlapping by half) is predicted with its trace; a named site's loss is the mean over its bases. Markdown on stdout:
named sites with amount and loss, their correlation over windows, and losses inside named sites beside those outside.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace import Predictor

FILE = "satmut_SORT1_HepG2.tsv.gz"
FEWEST_BARCODES = 10
CLEAR = 0.1  # log2 units, of an amount that is more than a trifle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    bases, loss = measured(options.data / FILE)
    found = Predictor().predict(bases, "HepG2", windows="all")
    amounts, losses, inside = [], [], np.zeros(len(bases), dtype=bool)
    print("| window | site | bp | amount | measured loss a base |\n|---|---|---|---|---|")
    for one in found:
        for site in one.ledger.sites if one.ledger is not None else ():
            part = slice(site.start - 1, site.end)
            mean = float(np.nanmean(loss[part]))
            amounts.append(site.amount)
            losses.append(mean)
            inside[part] |= abs(site.amount) >= CLEAR
            place = f"{site.start}-{site.end}"
            window = f"{one.start + 1}-{one.end}"
            print(f"| {window} | {site.tf} ({site.archetype}) | {place} | {site.amount:+.2f} | {mean:+.3f} |")
    r = np.corrcoef(amounts, losses)[0, 1]
    print(f"\nr of amount and measured loss: {r:.2f}, n {len(amounts)} named sites in {len(found)} windows")
    print(
        f"Median measured loss a base, log2: {np.nanmedian(loss[inside]):+.3f} in {inside.sum()} bases of sites named "
        f"with {CLEAR} or more, {np.nanmedian(loss[~inside]):+.3f} in the other {(~inside).sum()}"
    )


def measured(path: Path) -> tuple[str, NDArray[np.float64]]:
    """The element, and the loss at every base: float64 (bp,), NaN where nothing was measured well enough."""
    reference: dict[int, str] = {}
    effects: dict[int, list[float]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            place = int(row["Pos"])
            reference[place] = row["Ref"]
            if row["Alt"] in "ACGT" and int(row["Barcodes"]) >= FEWEST_BARCODES:
                effects[place].append(float(row["Coefficient"]))
    places = sorted(reference)
    loss = [-float(np.mean(effects[place])) if effects[place] else np.nan for place in places]
    return "".join(reference[place] for place in places), np.array(loss)


if __name__ == "__main__":
    main()
