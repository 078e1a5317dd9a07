"""What each tower and each strand is worth: the choice on val behind the estimate."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cistrace.checkpoints.schema import TOWER_FILES, shipped_checkpoint
from cistrace.mpra.metrics import pearson
from cistrace.mpra.table import read_joint
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower


def orientation(data: Path | None, split: str, checkpoint: Path | None, rows: int | None = None) -> str:
    """Markdown: Pearson of every tower from the given strand, the other, and their mean."""
    table = read_joint(data).split(split).sample(rows)
    folder = checkpoint or shipped_checkpoint()
    lines = ["| tower | strand | " + " | ".join(table.cell_types) + " |", "|---|---|" + "---|" * len(table.cell_types)]
    for name in TOWER_FILES:
        tower = load_tower(folder / name)
        of_strand = Towers(tower, tower).strands(table.sequences)
        for strand, found in zip(("given", "other", "mean of both"), (*of_strand, of_strand.mean(axis=0))):
            figures = []
            for cell in range(len(table.cell_types)):
                seen = np.isfinite(table.activity[:, cell])
                figures.append(f"{pearson(found[seen, cell], table.activity[seen, cell]):.4f}")
            lines.append(f"| {name} | {strand} | {' | '.join(figures)} |")
    return "\n".join(lines)
