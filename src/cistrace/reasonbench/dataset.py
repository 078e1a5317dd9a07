"""The data set that a training reads: a folder of `cistrace reasonbench build`.

manifest.json       cell types, cut points between levels, evidence and teacher
elements.parquet    every usable sequence with its split and activities
train.jsonl, val.jsonl    cards and traces; read where a recipe says `cards.evidence: none`
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.checkpoints.calibration import part_val
from cistrace.errors import DataError
from cistrace.io.hashes import file_hash
from cistrace.io.streams import shown
from cistrace.mpra.elements import ELEMENTS, read_elements
from cistrace.mpra.folds import RELATED
from cistrace.mpra.table import MpraTable
from cistrace.reasonbench.manifest import MANIFEST, Manifest, read_manifest

FEWEST = 20  # training sequences below which nothing can be learnt
LONGEST = 1_000  # bp that one window can hold


@dataclass(frozen=True, eq=False)
class DataSet:
    """A data set, opened.

    Attributes
    ----------
    table : MpraTable
        `splits` are train, val and test.
    rows : ndarray, int64, shape (N,)
        Of every element, its row in the entries.
    cuts : ndarray, float64, shape (cell types, 3)
        Between levels 0-3.
    hash : str
        SHA-256 of the manifest, hexadecimal.
    """

    folder: Path
    table: MpraTable
    rows: NDArray[np.int64]
    cuts: NDArray[np.float64]
    manifest: Manifest
    hash: str

    @property
    def cell_types(self) -> tuple[str, ...]:
        return self.table.cell_types

    @property
    def window(self) -> int:
        """Length of the longest sequence, bp, rounded up to a multiple of 8, as towers halve it."""
        return self.table.window

    @cached_property
    def training(self) -> MpraTable:
        """The training rows."""
        return self.table.take(self.places("train"))

    def places(self, split: str) -> NDArray[np.int64]:
        """Positions in `table` of one split's rows: int64."""
        return np.flatnonzero(np.array(self.table.splits) == split)

    def places_in_training(self, split: str) -> NDArray[np.int64]:
        """Of train all positions; of val those of the part that chooses the weights: see `checkpoints.calibration`.

        Raises
        ------
        DataError
            All val rows are related, so that none can choose where others calibrate.
        """
        places = self.places(split)
        if split != "val":
            return places
        chosen = places[part_val([self.table.sequences[place] for place in places]).choose]
        if not len(chosen):
            raise DataError(
                f"{shown(self.folder)}: its {len(places)} val sequences all share {RELATED} bases with one another; "
                "expected some that do not, as one part of val chooses the weights and another calibrates; build it "
                "with another val"
            )
        return chosen


def open_data_set(folder: Path) -> DataSet:
    """Open a data set of any size.

    Raises
    ------
    DataError
        The folder is no data set.
    """
    manifest = read_manifest(folder)
    cell_types = manifest.cell_types
    missing = [cell for cell in cell_types if cell not in manifest.cuts]
    if missing:
        raise DataError(
            f"{shown(folder / MANIFEST)}: found no cut points of {missing[0]}, expected three a cell type; build it "
            "again"
        )
    table, rows = read_elements(folder / ELEMENTS, cell_types)
    cuts = np.array([manifest.cuts[cell] for cell in cell_types])
    return DataSet(folder, table, rows, cuts, manifest, file_hash(folder / MANIFEST))


def read_data_set(folder: Path) -> DataSet:
    """Open a data set to train on.

    Raises
    ------
    DataError
        The folder is no data set, lacks a split, or holds too little.
    """
    data = open_data_set(folder)
    for split in ("train", "val"):
        found = len(data.places(split))
        if found < (FEWEST if split == "train" else 2):
            raise DataError(
                f"{shown(folder)}: found {found} sequences in {split}, expected at least "
                f"{FEWEST if split == 'train' else 2}; build it with other splits"
            )
    if data.window > LONGEST:
        raise DataError(
            f"{shown(folder)}: its longest sequence has {data.window} bp, expected at most {LONGEST}; use --length"
        )
    return data
