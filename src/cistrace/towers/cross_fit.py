"""Evidence for the rows of a table from towers that never saw them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from safetensors import safe_open

from cistrace.errors import DataError
from cistrace.io.streams import shown
from cistrace.motifs.hit import MotifHit
from cistrace.mpra.evidence_table import EvidenceOrigin, EvidenceTable, digests_of
from cistrace.mpra.table import MpraTable
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower

BATCH = 256
_Item = TypeVar("_Item")
Progress = Callable[[Iterable[_Item], str], Iterator[_Item]]
"""Wraps a stream of work, under a label, to show how far it is."""


@dataclass(frozen=True, eq=False)
class FoldTower:
    """A tower and the chromosomes that it never saw."""

    towers: Towers
    held_out: frozenset[str]


def load_fold_towers(folder: Path) -> list[FoldTower]:
    """Towers of a training run that name what they held out.

    Raises
    ------
    DataError
        The folder holds no such towers.
    """
    found = []
    for path in sorted(folder.glob("tower-fold*.safetensors")):
        tower = load_tower(path)
        with safe_open(path, framework="pt") as file:
            held_out = json.loads((file.metadata() or {}).get("held_out", "[]"))
        if not held_out:
            raise DataError(f"{shown(path)}: does not say what it held out; train it again with this version")
        found.append(FoldTower(Towers(tower, tower), frozenset(held_out)))
    if not found:
        raise DataError(f"{shown(folder)}: holds no tower-fold*.safetensors; train them, or name the run's folder")
    return found


def tower_evidence(
    table: MpraTable,
    hits: Sequence[tuple[MotifHit, ...]],
    towers: list[FoldTower],
    about: EvidenceOrigin,
    progress: Progress[tuple[FoldTower, list[int]]],
) -> EvidenceTable:
    """Evidence of every row from the towers that never saw its chromosome, their mean where there are several.

    Raises
    ------
    DataError
        A row without a chromosome: which tower saw its neighbourhood cannot be told.
    """
    nowhere = [row for row, chromosome in enumerate(table.chromosomes) if not chromosome]
    if nowhere:
        raise DataError(
            f"{len(nowhere):,} rows, first {table.names[nowhere[0]]!r}, have no chromosome; expected one a row, to "
            "choose a tower that never saw it; add a column chromosome, or use --evidence associations"
        )
    unseen = [unseeing(chromosome, [fold.held_out for fold in towers]) for chromosome in table.chromosomes]
    estimates = np.zeros((len(table), len(table.cell_types)), dtype=np.float32)
    first = np.cumsum([0, *(len(found) for found in hits)])
    contributions = np.zeros((int(first[-1]), len(table.cell_types)), dtype=np.float32)
    share = np.array([1 / len(who) for who in unseen])
    columns = [towers[0].towers.cell_types.index(cell) for cell in table.cell_types]
    blocks = [(fold, block) for number, fold in enumerate(towers) for block in _blocks(number, unseen)]
    for fold, block in progress(blocks, f"blocks of {BATCH} sequences read by towers, of {len(blocks)}"):
        said = fold.towers.evidence([table.sequences[row] for row in block], [hits[row] for row in block])
        for at, row in enumerate(block):
            estimates[row] += share[row] * said[at].estimates[columns]
            contributions[first[row] : first[row + 1]] += share[row] * said[at].contributions[:, columns]
    return EvidenceTable(digests_of(table.sequences), estimates, first, contributions, about)


def _blocks(number: int, unseen: list[list[int]]) -> list[list[int]]:
    """Rows of which one tower may speak, some together."""
    rows = [row for row, who in enumerate(unseen) if number in who]
    return [rows[begin : begin + BATCH] for begin in range(0, len(rows), BATCH)]


def unseeing(chromosome: str, held_out: Sequence[frozenset[str]]) -> list[int]:
    """Places of the towers that may speak of a row on a chromosome.

    Those that held it out; all where it lies outside the training split, so that none did. A row on the border of two
    chromosomes (`chr1-chr10`) that no one tower held out has those that held out either: none saw the row itself.
    """
    parts = set(chromosome.split("-"))
    inside = parts & frozenset().union(*held_out)
    whole = [number for number, held in enumerate(held_out) if inside <= held]
    return whole or [number for number, held in enumerate(held_out) if inside & held]
