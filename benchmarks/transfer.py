"""How towers rank what another assay measured: native elements of an episomal assay in K562.

    python benchmarks/transfer.py --data DIR [--model DIR] [--tower FILE ...]

DIR holds native_K562_val.tsv.gz (Gosai et al. 2024). Markdown on stdout: Spearman's correlation of what was measured
with what the model's tower, each FILE, and the mean of all of these say of every cell type, with 95 % intervals by
bootstrap over elements. Nothing of this table fits or chooses anything.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from cistrace.checkpoints.load import load_checkpoint
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower

FILE, COLUMN = "native_K562_val.tsv.gz", "K562_log2FC"
DRAWS = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--tower", type=Path, action="append", default=[])
    options = parser.parse_args()
    shipped = load_checkpoint(options.model).towers
    if shipped is None:
        raise SystemExit("the model has no towers")
    sequences, measured = native(options.data / FILE)
    named = {"the model's": shipped.estimate(sequences)}
    for file in options.tower:
        tower = load_tower(file)
        named[file.name] = Towers(tower, tower).estimate(sequences)
    if len(named) > 1:
        named[f"mean of these {len(named)}"] = np.mean(list(named.values()), axis=0, dtype=np.float32)
    print(f"{len(sequences):,} elements\n")
    print("| tower | " + " | ".join(shipped.cell_types) + " |\n|---|" + "---|" * len(shipped.cell_types))
    for name, found in named.items():
        print(f"| {name} | " + " | ".join(told(column, measured) for column in found.T) + " |")


def native(path: Path) -> tuple[list[str], NDArray[np.float64]]:
    """Elements of A, C, G, T and N, and what was measured of them."""
    with gzip.open(path, "rt", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    return [row["sequence"].upper() for row in rows], np.array([float(row[COLUMN]) for row in rows])


def told(predicted: NDArray[np.float32], measured: NDArray[np.float64]) -> str:
    """Spearman's correlation with its interval."""
    random = np.random.default_rng(0)
    drawn = [
        spearman(predicted[rows], measured[rows])
        for rows in (random.integers(0, len(measured), len(measured)) for _ in range(DRAWS))
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{spearman(predicted, measured):.3f} ({low:.3f}-{high:.3f})"


def spearman(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Pearson's correlation of the ranks."""
    return float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])


if __name__ == "__main__":
    main()
