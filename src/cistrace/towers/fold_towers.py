"""A run's cross-fitted towers, and evidence for the rows of a table from those that never saw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.evidence import SequenceEvidence
from cistrace.cards.sites import Site, sites_of
from cistrace.errors import DataError
from cistrace.io.hashes import files_hash
from cistrace.io.streams import shown
from cistrace.io.track import Track
from cistrace.motifs.scanner import site_scanner
from cistrace.mpra.dealt_rows import DEALT_ROWS, DealtRows, read_dealt_rows
from cistrace.mpra.evidence_table import EvidenceOrigin, EvidenceTable, table_of
from cistrace.mpra.table import MpraTable
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower, tower_notes
from cistrace.towers.site_evidence import site_evidence

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
    towers: Sequence[Towers],
    may_speak: NDArray[np.bool_],
    origin: EvidenceOrigin,
    progress: Track,
) -> EvidenceTable:
    """Evidence of every row from the towers that may speak of it, all of them together as one model.

    Parameters
    ----------
    may_speak : ndarray, bool, shape (N, towers)
        At least one a row.
    """
    columns = [towers[0].cell_types.index(cell) for cell in table.cell_types]
    heard, which = np.unique(may_speak, axis=0, return_inverse=True)
    blocks = [
        (heard[number], rows[begin : begin + BATCH])
        for number in range(len(heard))
        for rows in [np.flatnonzero(which.ravel() == number)]
        for begin in range(0, len(rows), BATCH)
    ]
    found: dict[int, SequenceEvidence] = {}
    for may, block in progress(blocks, f"blocks of {BATCH} sequences read by towers", len(blocks)):
        speaking = [towers[number] for number in np.flatnonzero(may).tolist()]
        bases = [table.sequences[row] for row in block]
        sites = [sites_of(hits) for hits in site_scanner().scan(bases)]
        for row, one in zip(block.tolist(), together(speaking, bases, sites), strict=True):
            found[row] = one.of_columns(columns)
    return table_of(table.sequences, [found[row] for row in range(len(table))], which.ravel(), origin)


def together(
    towers: Sequence[Towers], sequences: Sequence[str], sites: Sequence[Sequence[Site]]
) -> list[SequenceEvidence]:
    """Evidence of several towers as of one model: what is scored is their mean."""
    weights = [np.mean(one, axis=0) for one in zip(*(each.weights(sequences, sites) for each in towers), strict=True)]

    def given(asked: list[str]) -> NDArray[np.float32]:
        return np.mean([each.given(asked) for each in towers], axis=0, dtype=np.float32)

    def other(asked: list[str]) -> NDArray[np.float32]:
        return np.mean([each.other(asked) for each in towers], axis=0, dtype=np.float32)

    return site_evidence(given, other, sequences, sites, weights)
