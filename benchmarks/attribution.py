"""What each base adds, against saturation mutagenesis of the same tower: agreement, convergence and cost.

    python benchmarks/attribution.py --data DIR [--rows 50]

DIR holds joint_mpra.tsv.gz; val elements are drawn at random, always the same. Every base gives way to the three others
and to a blank; contributions of the shipped way, and of its rival, the slope at the sequence alone, are correlated over
bases with what these cost. `top`: the share of the 20 bases of the largest mean cost that are among the 20 weightiest.
Last, how long `Explainer.bases` takes for 200 bp once loaded. Markdown on stdout; ten rows are a minute on a core.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace import Explainer
from cistrace.checkpoints.load import load_checkpoint
from cistrace.checkpoints.schema import TOWER_FILES, shipped_checkpoint
from cistrace.mpra.table import read_joint
from cistrace.towers.contributions import slopes_on_bases
from cistrace.towers.encoding import base_codes, opposite_codes
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower
from cistrace.towers.tower import fused

SEED, TOP, ROUNDS = 0, 20, 3
LETTERS, BLANK = "ACGT", "N"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=50)
    arguments = parser.parse_args()
    towers = load_checkpoint().towers
    assert towers is not None
    table = read_joint(arguments.data)
    val = [bases for bases, split in zip(table.sequences, table.splits, strict=True) if split == "val"]
    drawn = np.random.default_rng(SEED).choice(len(val), arguments.rows, replace=False).tolist()
    sequences = [val[place] for place in drawn]
    began = time.process_time()
    shipped = towers.contributions(sequences)
    spent = (time.process_time() - began) / len(sequences)
    ways = {"slope at the sequence alone": _slopes(towers, sequences), "shipped": shipped}
    costs = [_costs(towers, bases) for bases in sequences]
    activities = towers.estimate(sequences) - towers.blank
    print(
        "| way | r, substitutions | r, blanks | top | lost, root mean square | lost, most |\n|---|---|---|---|---|---|"
    )
    for name, found in ways.items():
        agreed = np.mean([_agreement(one, cost) for one, cost in zip(found, costs, strict=True)], axis=0)
        lost = activities - np.stack([one.sum(axis=0) for one in found])
        print(
            f"| {name} | {agreed[0]:.2f} | {agreed[1]:.2f} | {agreed[2]:.2f} | {np.sqrt(np.square(lost).mean()):.3f} | "
            f"{np.abs(lost).max():.3f} |"
        )
    print(f"\n{len(sequences)} val elements, {len(towers.cell_types)} cell types; {spent:.2f} s of a core a sequence")
    print(f"Explainer.bases, 200 bp, all cell types, once loaded: median {statistics.median(_explained()):.1f} s")


def _slopes(towers: Towers, sequences: list[str]) -> list[NDArray[np.float32]]:
    """The slope on every base of the sequence itself, mean of both strands: (bases, cell types) each."""
    tower, codes = fused(load_tower(shipped_checkpoint() / TOWER_FILES[0])), base_codes(sequences, towers.window)
    whole = np.ones(len(codes), dtype=np.float32)
    given, other = (slopes_on_bases(tower, strand, whole) for strand in (codes, opposite_codes(codes).copy()))
    both = (given + other[:, ::-1]) / 2
    margins = [(towers.window - len(bases)) // 2 for bases in sequences]
    return [one[margin : margin + len(bases)] for one, margin, bases in zip(both, margins, sequences, strict=True)]


def _costs(towers: Towers, bases: str) -> NDArray[np.float32]:
    """What the activity loses by three substitutions and by a blank in every place: (bases, 4, cell types)."""
    others = [
        bases[:place] + letter + bases[place + 1 :]
        for place, base in enumerate(bases)
        for letter in LETTERS + BLANK
        if letter != base
    ]
    scores = towers.estimate([bases, *others])
    return (scores[0] - scores[1:]).reshape(len(bases), 4, -1)


def _agreement(found: NDArray[np.float32], costs: NDArray[np.float32]) -> tuple[float, float, float]:
    """r with the mean cost of substitutions, r with that of a blank, the share of bases: means over cell types."""
    substituted, blanked = costs[:, :3].mean(axis=1), costs[:, 3]
    told = [
        (
            np.corrcoef(found[:, cell], substituted[:, cell])[0, 1],
            np.corrcoef(found[:, cell], blanked[:, cell])[0, 1],
            len(set(_weightiest(found[:, cell])) & set(_weightiest(substituted[:, cell]))) / TOP,
        )
        for cell in range(found.shape[1])
    ]
    return tuple(np.mean(told, axis=0).tolist())


def _weightiest(values: NDArray[np.float32]) -> list[int]:
    return np.argsort(-np.abs(values))[:TOP].tolist()


def _explained() -> list[float]:
    explainer, bases = Explainer(), "ACGTTGCATG" * 20
    explainer.bases(bases[:40])
    spent = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        explainer.bases(bases)
        spent.append(time.perf_counter() - began)
    return spent


if __name__ == "__main__":
    main()
