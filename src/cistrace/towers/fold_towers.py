"""A run's cross-fitted towers, and evidence for the rows of a table from those that never saw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import DataError
from cistrace.io.hashes import files_hash
from cistrace.io.streams import shown
from cistrace.io.track import Track
from cistrace.motifs.hit import MotifHit
from cistrace.mpra.dealt_rows import DEALT_ROWS, DealtRows, read_dealt_rows
from cistrace.mpra.evidence_table import EvidenceOrigin, EvidenceTable, digests_of
from cistrace.mpra.table import MpraTable
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower, tower_notes

BATCH = 256
DEALT = "dealt_rows"
"""In a tower's file: the digest of the rows by which it was told what it may see."""


@dataclass(frozen=True, eq=False)
class FoldTowers:
    """One tower a fold, and the rows they were fitted on. `digest` is the SHA-256 of the towers' files, hexadecimal."""

    towers: tuple[Towers, ...]
    dealt: DealtRows
    digest: str


def fold_name(fold: int) -> str:
    """What the tower of a fold is called."""
    return f"fold{fold}"


def load_fold_towers(folder: Path) -> FoldTowers:
    """The towers of a training run, a fold each, that know which rows they saw.

    Raises
    ------
    DataError
        The folder holds no such towers, or they do not say, or say differently, what they saw.
    """
    if not any(folder.glob("tower-fold*.safetensors")):
        raise DataError(f"{shown(folder)}: holds no tower-fold*.safetensors; train them, or name the run's folder")
    dealt = read_dealt_rows(folder / DEALT_ROWS)
    paths = [folder / f"tower-{fold_name(fold)}.safetensors" for fold in range(dealt.folds.count)]
    expected, towers = dealt.digest, []
    for path in paths:
        tower = load_tower(path)
        if tower_notes(path).get(DEALT) != expected:
            raise DataError(
                f"{shown(path)}: was not fitted on the rows of {DEALT_ROWS} beside it; expected both of one run; train "
                "the towers again"
            )
        towers.append(Towers(tower, tower))
    return FoldTowers(tuple(towers), dealt, files_hash(paths))


def tower_evidence(
    table: MpraTable,
    hits: Sequence[tuple[MotifHit, ...]],
    towers: Sequence[Towers],
    may_speak: NDArray[np.bool_],
    origin: EvidenceOrigin,
    progress: Track,
) -> EvidenceTable:
    """Evidence of every row from the towers that may speak of it, their mean where there are several.

    Parameters
    ----------
    hits : sequence of length N
        Of every row, in the order in which a card lists them.
    may_speak : ndarray, bool, shape (N, towers)
        At least one a row.
    """
    estimates = np.zeros((len(table), len(table.cell_types)), dtype=np.float32)
    first = np.cumsum([0, *map(len, hits)])
    contributions = np.zeros((int(first[-1]), len(table.cell_types)), dtype=np.float32)
    weight = 1 / may_speak.sum(axis=1)
    columns = [towers[0].cell_types.index(cell) for cell in table.cell_types]
    blocks = [
        (number, rows[begin : begin + BATCH])
        for number, rows in enumerate(map(np.flatnonzero, may_speak.T))
        for begin in range(0, len(rows), BATCH)
    ]
    for number, block in progress(blocks, f"blocks of {BATCH} sequences read by towers", len(blocks)):
        found = towers[number].evidence([table.sequences[row] for row in block], [hits[row] for row in block])
        for at, row in enumerate(block):
            estimates[row] += weight[row] * found[at].estimates[columns]
            contributions[first[row] : first[row + 1]] += weight[row] * found[at].contributions[:, columns]
    return EvidenceTable(digests_of(table.sequences), estimates, first, contributions, origin)
