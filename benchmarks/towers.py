"""Towers of one kind beside their mean and a student: accuracy, agreement of what each base adds, cost.

    python benchmarks/towers.py --data DIR FILE FILE ... [--student FILE ...] [--split val] [--rows 40]

DIR holds joint_mpra.tsv.gz. FILEs are towers trained anew on its training split, whose mean is a line of its own;
students were taught by such a mean. Markdown on stdout. Accuracy: Pearson over the split, both strands, 95 % intervals
by bootstrap over blocks of neighbours on a chromosome; below the table how much the mean and each student are above the
first FILE, under the same draws. Agreement: r over bases of contributions with another FILE's, of `--rows` elements
drawn at random, always the same; mean over FILEs and cell types. Passes: of a net, one a strand, for one element.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.evaluation.intervals import bootstrap, difference
from cistrace.mpra.blocks import chromosome_blocks
from cistrace.mpra.metrics import pearson
from cistrace.mpra.table import read_joint
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower

SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--student", type=Path, action="append", default=[])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=["val", "test"], default="val")
    parser.add_argument("--rows", type=int, default=40)
    asked = parser.parse_args()
    table = read_joint(asked.data).split(asked.split)
    blocks, measured, cells = chromosome_blocks(table), table.activity, range(len(table.cell_types))
    seen = [np.isfinite(measured[:, cell]) for cell in cells]

    def accuracy(said: NDArray[np.float64]) -> str:
        return " | ".join(
            str(bootstrap(pearson, said[seen[cell], cell], measured[seen[cell], cell], blocks=blocks[seen[cell]]))
            for cell in cells
        )

    nets = [Towers(tower, tower) for tower in map(load_tower, (*asked.files, *asked.student))]
    strands = np.stack([net.strands(table.sequences) for net in nets]).astype(np.float64)
    both, count = strands.mean(axis=1), len(asked.files)
    drawn = np.random.default_rng(SEED).choice(len(table), asked.rows, replace=False).tolist()
    added = [np.concatenate(net.contributions([table.sequences[row] for row in drawn])) for net in nets]
    print(f"{asked.split}, {len(table):,} elements; contributions of {asked.rows}\n")
    print(f"| tower | {' | '.join(table.cell_types)} | given strand alone | agreement | passes |")
    print("|---" * (len(cells) + 4) + "|")
    for at, file in enumerate((*asked.files, *asked.student)):
        given = [pearson(strands[at, 0, seen[cell], cell], measured[seen[cell], cell]) for cell in cells]
        alike = np.mean([agreement(added[at], other) for place, other in enumerate(added[:count]) if place != at])
        told = " / ".join(f"{r:.3f}" for r in given)
        print(f"| {file.name} | {accuracy(both[at])} | {told} | {alike:.3f} | 2 |")
    mean = both[:count].mean(axis=0)
    print(f"| mean of the {count} | {accuracy(mean)} | | | {2 * count} |\n")
    students = zip((file.name for file in asked.student), both[count:], strict=True)
    for name, said in (("the mean", mean), *students):
        apart = [
            difference(
                pearson, said[seen[cell], cell], both[0, seen[cell], cell], measured[seen[cell], cell],
                blocks=blocks[seen[cell]],
            ).signed()
            for cell in cells
        ]  # fmt: skip
        print(f"- {name} less {asked.files[0].name}: {', '.join(apart)}")


def agreement(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """r over all bases of some elements, (bases, cell types) each; mean over cell types."""
    return float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(one.T, other.T, strict=True)]))


if __name__ == "__main__":
    main()
