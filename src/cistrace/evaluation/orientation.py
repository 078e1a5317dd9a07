"""What each tower and each strand is worth: the choice on val behind the estimate."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cistrace.checkpoint import TOWER_FILES, shipped_checkpoint
from cistrace.evaluation.metrics import pearson
from cistrace.model.evidence import Towers
from cistrace.model.tower_file import load_tower
from cistrace.mpra import read_joint


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
