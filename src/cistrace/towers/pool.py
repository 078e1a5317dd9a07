"""Pool a library with further measurements of the same assay, for towers alone.

Those of Agarwal et al. (HepG2 in both orientations, WTC11) hold elements that their joint library lacks, and
second measurements of elements it has. They are brought to the joint scale by matching mean and standard
deviation over the training elements measured in both, which keeps a noisy measurement unbiased.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cistrace.errors import DataError
from cistrace.io.regions import reverse_complement
from cistrace.io.streams import shown
from cistrace.mpra.table import MpraTable

COLUMNS = {
    "sequence": ("sequence",),
    "cell type": ("cell_type",),
    "activity": ("activity", "log2_rna_dna"),
    "chromosome": ("chromosome", "chrom"),
    "split": ("split",),
}


@dataclass(frozen=True)
class SingleElement:
    """One element of a single library: bases, chromosome, and the mean over its strands, log2(RNA/DNA)."""

    bases: str
    chromosome: str
    cell_type: str
    activity: float


def either_strand(bases: str) -> str:
    """The same string for a sequence and its reverse complement: the alphabetically first of the two."""
    return min(bases, reverse_complement(bases))


def read_further(path: Path, cell_types: Collection[str]) -> list[SingleElement]:
    """Training rows of a table (TSV, plain or gzip), one a sequence and cell type, in order of first appearance.

    Columns as in `COLUMNS`. Rows of other splits and cell types are left out; strands are averaged.

    Raises
    ------
    DataError
        The file cannot be read, lacks a column, or a line holds no activity.
    """
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    first: dict[tuple[str, str], tuple[str, str]] = {}
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", newline="", encoding="utf-8") as handle:
            reader = csv.DictReader(handle, delimiter="\t")
            column = {what: _column(path, what, reader.fieldnames or []) for what in COLUMNS}
            for row in reader:
                if row[column["split"]] == "train" and row[column["cell type"]] in cell_types:
                    bases = row[column["sequence"]].upper()
                    key = either_strand(bases), row[column["cell type"]]
                    values[key].append(float(row[column["activity"]]))
                    first.setdefault(key, (bases, row[column["chromosome"]]))
    except (OSError, EOFError, UnicodeDecodeError, TypeError, ValueError, csv.Error) as error:
        raise DataError(
            f"{shown(path)}: not a readable table of further measurements ({error}); expected tab-separated columns "
            f"{', '.join(COLUMNS)}; correct tower.further"
        ) from error
    return [SingleElement(*first[key], key[1], float(np.mean(found))) for key, found in values.items()]


def _column(path: Path, what: str, header: Collection[str]) -> str:
    for name in COLUMNS[what]:
        if name in header:
            return name
    raise DataError(
        f"{shown(path)}: has no column for the {what}; expected {' or '.join(COLUMNS[what])}; correct tower.further"
    )


def pool(joint: MpraTable, single: list[SingleElement]) -> MpraTable:
    """The joint table with second measurements averaged in, then the elements that only a single library has.

    Rows of `joint` keep their places; new rows follow, NaN in the cell types they were not measured in.

    Raises
    ------
    DataError
        A cell type of `single` shares fewer than three elements with the joint table: no common scale.
    """
    place = {either_strand(bases): row for row, bases in enumerate(joint.sequences)}
    activity = joint.activity.copy()
    added: dict[str, int] = {}
    fresh: list[SingleElement] = []
    values: list[np.ndarray] = []
    for cell, cell_type in enumerate(joint.cell_types):
        mine = [element for element in single if element.cell_type == cell_type]
        if not mine:
            continue
        rows = np.array([place.get(either_strand(element.bases), -1) for element in mine])
        raw = np.array([element.activity for element in mine])
        both = (rows >= 0) & np.isfinite(joint.activity[rows, cell])
        if both.sum() < 3:
            raise DataError(f"{cell_type}: {both.sum()} elements measured in both libraries, expected at least 3")
        there = joint.activity[rows[both], cell]
        scaled = (raw - raw[both].mean()) / raw[both].std() * there.std() + there.mean()
        activity[rows[both], cell] = (there + scaled[both]) / 2
        alone = (rows >= 0) & ~both
        activity[rows[alone], cell] = scaled[alone]
        for element, value in zip(np.array(mine, dtype=object)[rows < 0], scaled[rows < 0]):
            key = either_strand(element.bases)
            if key not in added:
                added[key] = len(fresh)
                fresh.append(element)
                values.append(np.full(len(joint.cell_types), np.nan))
            values[added[key]][cell] = value
    if not fresh:
        return replace(joint, activity=activity)
    return MpraTable(
        (*joint.names, *(f"single:{at}" for at in range(len(fresh)))),
        (*joint.sequences, *(element.bases for element in fresh)),
        (*joint.chromosomes, *(element.chromosome for element in fresh)),
        (*joint.categories, *("single_library" for _ in fresh)),
        (*joint.splits, *("train" for _ in fresh)),
        np.concatenate([activity, np.stack(values)]),
        joint.cell_types,
    )
