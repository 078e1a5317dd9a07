"""Measured elements, and the joint lentiMPRA table (Agarwal et al. 2025)."""

from __future__ import annotations

import csv
import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import DataError

CELL_TYPES = ("HepG2", "K562", "WTC11")
JOINT_FILE = "joint_mpra.tsv.gz"
PROMOTERS_AND_CONTROLS = "unknown"
DATA_VARIABLE = "CISTRACE_DATA"


@dataclass(frozen=True, eq=False)
class MpraTable:
    """Rows of an MPRA table, in file order.

    Attributes
    ----------
    names, sequences, chromosomes, categories, splits : tuple of str, length N
    activity : ndarray, float64, shape (N, cell types)
        log2(RNA/DNA); NaN where the element was not measured.
    cell_types : tuple of str
        Names of the columns of `activity`.
    """

    names: tuple[str, ...]
    sequences: tuple[str, ...]
    chromosomes: tuple[str, ...]
    categories: tuple[str, ...]
    splits: tuple[str, ...]
    activity: NDArray[np.float64]
    cell_types: tuple[str, ...] = CELL_TYPES

    def __len__(self) -> int:
        return len(self.names)

    @property
    def window(self) -> int:
        """Length of the longest sequence, bp, rounded up to a multiple of 8, as towers halve it."""
        return -(-max(map(len, self.sequences)) // 8) * 8

    def take(self, rows: NDArray[np.integer]) -> MpraTable:
        """The rows at the given integer positions, in that order."""
        pick = [int(row) for row in rows]

        def chosen(column: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(column[row] for row in pick)

        return MpraTable(
            chosen(self.names),
            chosen(self.sequences),
            chosen(self.chromosomes),
            chosen(self.categories),
            chosen(self.splits),
            self.activity[pick],
            self.cell_types,
        )

    def sample(self, rows: int | None, seed: int = 0) -> MpraTable:
        """At most `rows` rows drawn at random, in file order; all of them for None."""
        if rows is None or rows >= len(self):
            return self
        return self.take(np.sort(np.random.default_rng(seed).permutation(len(self))[:rows]))

    def split(self, name: str) -> MpraTable:
        """The rows of one split: train, val or test."""
        rows = np.flatnonzero(np.array(self.splits) == name)
        if not len(rows):
            found = ", ".join(sorted(set(self.splits)))
            raise DataError(f"split {name!r}: no rows; the table holds {found}")
        return self.take(rows)


def data_folder(folder: str | os.PathLike[str] | None = None) -> Path:
    """The folder of measured data: the argument, else the environment variable CISTRACE_DATA.

    Raises
    ------
    DataError
        Neither is given, or the folder does not exist.
    """
    chosen = folder or os.environ.get(DATA_VARIABLE)
    if not chosen:
        raise DataError(f"no data folder: set {DATA_VARIABLE} or pass --data FOLDER")
    path = Path(chosen)
    if not path.is_dir():
        raise DataError(f"{path}: no such folder; {DATA_VARIABLE} or --data must name the folder of measured data")
    return path


def read_joint(folder: str | os.PathLike[str] | None = None) -> MpraTable:
    """Read joint_mpra.tsv.gz from the data folder."""
    path = data_folder(folder) / JOINT_FILE
    if not path.is_file():
        raise DataError(f"{path}: no such file; the data folder must hold {JOINT_FILE}")
    with gzip.open(path, "rt", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    activity = np.array([[float(row[cell] or "nan") for cell in CELL_TYPES] for row in rows])

    def column(name: str) -> tuple[str, ...]:
        return tuple(row[name] for row in rows)

    return MpraTable(column("name"), column("sequence"), column("chrom"), column("category"), column("split"), activity)


def level_cuts(table: MpraTable) -> NDArray[np.float64]:
    """Quartiles of the enhancer rows (`*_peak`) in every cell type: the cut points of levels 0-3.

    Returns
    -------
    ndarray, float64, shape (cell types, 3)
    """
    enhancer = np.array([category.endswith("_peak") for category in table.categories])
    return np.nanquantile(table.activity[enhancer], [0.25, 0.5, 0.75], axis=0).T
