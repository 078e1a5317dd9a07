"""Pool a library with further measurements of the same assay, for towers alone.

Those of Agarwal et al. (HepG2 in both orientations, WTC11) hold elements that their joint library lacks, and
second measurements of elements it has. They are brought to the joint scale by matching mean and standard
deviation over the training elements measured in both, which keeps a noisy measurement unbiased.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import DataError
from cistrace.io.regions import reverse_complement
from cistrace.io.streams import shown
from cistrace.mpra.chromosomes import NOWHERE, chromosome_places
from cistrace.mpra.folds import RELATED
from cistrace.mpra.homology import sharing
from cistrace.mpra.splits import split_name
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
                if split_name(row[column["split"]]) == "train" and row[column["cell type"]] in cell_types:
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


@dataclass(frozen=True)
class RefusedElements:
    """How many further elements may not train, by the first reason that holds.

    Attributes
    ----------
    held_out : int
        Are elements of val or test, on either strand.
    related : int
        Share 40 bases, on either strand, with an element of val or test.
    elsewhere : int
        Lie on a chromosome that the data set does not train on: one it holds out, or one it leaves alone altogether.
    """

    held_out: int
    related: int
    elsewhere: int

    @property
    def total(self) -> int:
        return self.held_out + self.related + self.elsewhere


def admit(further: Sequence[SingleElement], table: MpraTable) -> tuple[list[SingleElement], RefusedElements]:
    """The elements that may train beside a data set, whatever their own file's split says, and a count of the others.

    A second measurement of a training element may, wherever its file says that it lies.

    Parameters
    ----------
    table : MpraTable
        All rows of the data set; `splits` are train, val and test.
    """
    splits = np.array(table.splits)
    of_training = {either_strand(table.sequences[row]) for row in np.flatnonzero(splits == "train")}
    identical = {either_strand(table.sequences[row]) for row in np.flatnonzero(splits != "train")}
    related, elsewhere = barred(
        [element.bases for element in further], [element.chromosome for element in further], table
    )
    kept, reasons = [], [0, 0, 0]
    for element, near, outside in zip(further, related.tolist(), elsewhere.tolist(), strict=True):
        name = either_strand(element.bases)
        faults = (name in identical, near, outside)
        if (any(faults) and name not in of_training) or faults[0]:
            reasons[faults.index(True)] += 1
        else:
            kept.append(element)
    return kept, RefusedElements(*reasons)


def barred(
    sequences: Sequence[str], chromosomes: Sequence[str], table: MpraTable
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What keeps N sequences out of a training on a data set: relatives held out, and other chromosomes.

    Parameters
    ----------
    table : MpraTable
        All rows of the data set; `splits` are train, val and test.

    Returns
    -------
    related : ndarray, bool, shape (N,)
        Shares `RELATED` bases, on either strand, with an element of val or test.
    elsewhere : ndarray, bool, shape (N,)
        Lies on a chromosome that the data set does not train on.
    """
    splits = np.array(table.splits)
    held = [table.sequences[row] for row in np.flatnonzero(splits != "train")]
    marked = np.arange(len(held) + len(sequences)) < len(held)
    places = {place for row in np.flatnonzero(splits == "train") for place in chromosome_places(table.chromosomes[row])}
    anywhere = places == {NOWHERE}
    elsewhere = [not anywhere and not places.issuperset(chromosome_places(one)) for one in chromosomes]
    return sharing([*held, *sequences], marked, RELATED)[len(held) :], np.array(elsewhere, dtype=bool)


def pool(joint: MpraTable, single: Sequence[SingleElement], allowed: NDArray[np.bool_] | None = None) -> MpraTable:
    """The joint table with second measurements averaged in, then the elements that only a single library has.

    Rows of `joint` keep their places; new rows follow, NaN in the cell types they were not measured in.

    Parameters
    ----------
    allowed : ndarray, bool, shape (N,), optional
        Rows of `joint` whose two measurements may set the common scale: those that the tower may see. All by default.

    Raises
    ------
    DataError
        A cell type of `single` shares fewer than three elements with the joint table: no common scale.
    """
    place = {either_strand(bases): row for row, bases in enumerate(joint.sequences)}
    activity = joint.activity.copy()
    added: dict[str, int] = {}
    fresh: list[SingleElement] = []
    values: list[NDArray[np.float64]] = []
    for cell, cell_type in enumerate(joint.cell_types):
        mine = [element for element in single if element.cell_type == cell_type]
        if not mine:
            continue
        rows = np.array([place.get(either_strand(element.bases), -1) for element in mine])
        raw = np.array([element.activity for element in mine])
        both = (rows >= 0) & np.isfinite(joint.activity[rows, cell])
        sets = both if allowed is None else both & allowed[rows]
        if sets.sum() < 3:
            raise DataError(f"{cell_type}: {sets.sum()} elements measured in both libraries, expected at least 3")
        there = joint.activity[rows[sets], cell]
        scaled = (raw - raw[sets].mean()) / raw[sets].std() * there.std() + there.mean()
        activity[rows[both], cell] = (joint.activity[rows[both], cell] + scaled[both]) / 2
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
