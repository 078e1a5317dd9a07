"""Make the scale of variants' differences: random substitutions, and what models trained anew say of them.

    python benchmarks/variant_scale.py --data DIR --tower FILE [--tower FILE ...] [--model DIR] [-o FILE]

DIR holds joint_mpra.tsv.gz, of whose val split (which no tower was trained on) natural elements are drawn; each has
four substitutions at places and to bases drawn evenly, and is read whole, so that a substitution stands anywhere in
the window. FILEs are towers of the same cell types, trained anew on the same measurements. Without -o nothing is
written. Markdown on stdout: how alike the models are, and how many of the others' differences lie within the interval
on elements that fitted nothing.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.checkpoints.intervals import conformal_half_width
from cistrace.checkpoints.load import load_checkpoint
from cistrace.checkpoints.schema import TOWER_FILES
from cistrace.io.files import whole_file
from cistrace.io.hashes import file_hash
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower
from cistrace.variants.scale import LEVELS, CellVariantScale, VariantScale

FILE = "joint_mpra.tsv.gz"
EACH = 4  # substitutions of an element
DIGITS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tower", type=Path, action="append", required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--elements", type=int, default=1200)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    checkpoint = load_checkpoint(options.model)
    assert checkpoint.towers is not None
    elements = drawn(options.data / FILE, options.elements, checkpoint.window)
    changed, of = substituted(elements)
    own = differences(checkpoint.towers, elements, changed, of)
    others = []
    for path in options.tower:
        tower = load_tower(path)
        others.append(differences(Towers(tower, tower), elements, changed, of).mean(axis=0))
    print(f"{len(changed):,} substitutions in {len(elements):,} elements, {len(others)} other models\n")
    print("| cell type | r with the others | half width, mean | within | smaller half | largest tenth | largest 1 % |")
    print("|---|---|---|---|---|---|---|")
    scales = {}
    for column, cell in enumerate(checkpoint.cell_types):
        scales[cell] = cell_scale(cell, own[:, :, column], [one[:, column] for one in others], of)
    scale = VariantScale(file_hash(checkpoint.folder / TOWER_FILES[0]), len(changed), len(others), scales)
    if options.output is not None:
        with whole_file(options.output) as part:
            part.write_text(json.dumps(asdict(scale), indent=1) + "\n", encoding="utf-8")  # type: ignore[call-overload]


def drawn(path: Path, count: int, size: int) -> list[str]:
    """Natural elements of val that fill the window, drawn by a fixed seed."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle, delimiter="\t") if row["split"] == "val"]
    found = [row["sequence"] for row in rows if len(row["sequence"]) == size and row["category"] != "control"]
    return [found[at] for at in np.random.default_rng(0).permutation(len(found))[:count].tolist()]


def substituted(elements: list[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Sequences with one substitution each, and of which element they are."""
    draws = np.random.default_rng(1)
    changed, of = [], []
    for number, bases in enumerate(elements):
        for _ in range(EACH):
            at = int(draws.integers(len(bases)))
            letter = str(draws.choice([base for base in "ACGT" if base != bases[at]]))
            changed.append(bases[:at] + letter + bases[at + 1 :])
            of.append(number)
    return changed, np.array(of)


def differences(towers: Towers, elements: list[str], changed: list[str], of: NDArray[np.int64]) -> NDArray[np.float32]:
    """What either strand makes of each substitution: float32 (2, N, cell types)."""
    found: NDArray[np.float32] = towers.strands(changed) - towers.strands(elements)[:, of]
    return found


def cell_scale(
    cell: str, own: NDArray[np.float32], others: list[NDArray[np.float32]], of: NDArray[np.int64]
) -> CellVariantScale:
    """Fit spreads on the substitutions of one half of the elements, and their factor on the other half's.

    Parameters
    ----------
    own : ndarray, float32, shape (2, N)
    others : list of ndarray, float32, shape (N,)
    """
    mean, gap = own.mean(axis=0), np.abs(own[1] - own[0]) / 2
    design = np.tile(np.stack([np.ones_like(mean), gap, np.abs(mean)], axis=1).astype(np.float64), (len(others), 1))
    errors = np.concatenate([np.abs(one - mean) for one in others]).astype(np.float64)
    fitting = np.tile(of % 2 == 0, len(others))
    held = np.tile(of % 4 == 1, len(others))
    weights = nonnegative(design[fitting], errors[fitting])
    factor = conformal_half_width(errors[held] / (design[held] @ weights))
    tried = np.tile(of % 4 == 3, len(others))
    within, size = errors[tried] <= factor * (design[tried] @ weights), design[tried, 2]
    parts = [size <= np.quantile(size, 0.5), size >= np.quantile(size, 0.9), size >= np.quantile(size, 0.99)]
    alike = ", ".join(f"{np.corrcoef(mean, one)[0, 1]:.3f}" for one in others)
    cover = " | ".join(f"{within[part].mean():.3f}" for part in parts)
    print(f"| {cell} | {alike} | {(factor * design @ weights).mean():.3f} | {within.mean():.3f} | {cover} |")
    quantiles = np.quantile(np.abs(mean), np.array(LEVELS) / 100)
    least, strands, size_weight = (round(float(one), DIGITS) for one in weights)
    kept = tuple(round(float(one), DIGITS) for one in quantiles)
    return CellVariantScale(kept, least, strands, size_weight, round(factor, DIGITS))


def nonnegative(design: NDArray[np.float64], errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares with no weight below zero: columns whose weight would be are left out, the worst first."""
    kept = list(range(design.shape[1]))
    while True:
        found, *_ = np.linalg.lstsq(design[:, kept], errors, rcond=None)
        if found.min() >= 0:
            break
        kept.pop(int(found.argmin()))
    weights = np.zeros(design.shape[1])
    weights[kept] = found
    return weights


if __name__ == "__main__":
    main()
