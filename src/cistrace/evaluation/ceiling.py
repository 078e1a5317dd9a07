"""The measured ceiling: how far two measurements of one element agree."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cistrace.evaluation.intervals import Interval, bootstrap
from cistrace.mpra.metrics import pearson
from cistrace.mpra.table import JOINT_FILE, MpraTable, data_folder, read_joint
from cistrace.towers.pool import either_strand

SINGLE_FILE = "single_library_mpra.tsv.gz"


@dataclass(frozen=True)
class Ceiling:
    """Agreement of two experiments in one cell type over n elements.

    `most` is the square root of the agreement: what a perfect model would reach on one measurement if both were as
    noisy. A model is judged on one measurement, not on the truth.
    """

    cell_type: str
    n: int
    agreement: Interval

    @property
    def most(self) -> float:
        return float(np.sqrt(self.agreement.value))


def ceilings(data: Path | None) -> list[Ceiling]:
    """Joint against single libraries (mean over strands) wherever an element is in both; empty without the file."""
    folder = data_folder(data)
    path = folder / SINGLE_FILE
    if not path.is_file() or not (folder / JOINT_FILE).is_file():
        return []
    joint = read_joint(folder)
    return [found for found in (_agreement(path, joint, cell) for cell in joint.cell_types) if found]


def _agreement(path: Path, joint: MpraTable, cell_type: str) -> Ceiling | None:
    again: dict[str, list[float]] = defaultdict(list)
    with gzip.open(path, "rt", newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            if row["cell_type"] == cell_type and row["in_joint"] == "True":
                again[either_strand(row["sequence"])].append(float(row["log2_rna_dna"]))
    column = joint.activity[:, joint.cell_types.index(cell_type)]
    pairs = [
        (value, np.mean(again[either_strand(bases)]))
        for bases, value in zip(joint.sequences, column)
        if np.isfinite(value) and either_strand(bases) in again
    ]
    if len(pairs) < 3:
        return None
    one, other = np.array(pairs).T
    return Ceiling(cell_type, len(pairs), bootstrap(pearson, other, one))
