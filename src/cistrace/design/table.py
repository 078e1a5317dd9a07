"""Designs as FASTA and as a table."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from cistrace.design.design import Design


def write_fasta(designs: Sequence[Design], path: Path) -> None:
    """A record a design, its reward and number of edits behind the id."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for one in designs:
            file.write(f">{one.id} reward={one.reward:.4f} edits={one.edits}\n{one.bases}\n")


def write_table(designs: Sequence[Design], path: Path) -> None:
    """A row a design: id, start, edits, round, moves, reward, its components, activities, bases. TSV."""
    components = list(dict.fromkeys(name for one in designs for name in one.components))
    cell_types = list(dict.fromkeys(name for one in designs for name in one.activities))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(
            ["id", "start", "edits", "round", "moves", "reward", *components]
            + [f"activity_{name}" for name in cell_types]
            + ["sequence"]
        )
        for one in designs:
            writer.writerow(
                [one.id, one.start_id or "", one.edits, one.round, ",".join(one.moves), f"{one.reward:.4f}"]
                + [f"{one.components[name]:.4f}" for name in components]
                + [f"{one.activities[name]:.4f}" for name in cell_types]
                + [one.bases]
            )
