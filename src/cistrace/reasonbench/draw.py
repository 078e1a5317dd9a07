"""Which rows a data set is built from: all, or a number of every level."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Iterator

import numpy as np

from cistrace.mpra.loaded import UNKNOWN_LEVEL
from cistrace.reasonbench.subjects import LabelledTable

LEVELS = 4
MOST_DRAWN = 4  # times the number wanted: a teacher that fails the gates must not be asked about the whole table
TRAIN = "train"

Chosen = tuple[int, tuple[int, ...]]
"""A row and the columns of the cell types asked of it."""


def every_row(observed: LabelledTable) -> Iterator[Chosen]:
    """All rows of all splits with every cell type that was measured, in the table's order."""
    for row, split in enumerate(observed.splits):
        cells = tuple(np.flatnonzero(observed.levels[row] != UNKNOWN_LEVEL).tolist())
        if split and cells:
            yield row, cells


class LevelDraw:
    """Training rows drawn until every level of every cell type has enough accepted traces.

    It stops where no rows are left, or four times as many were drawn as are wanted.

    Rows stand in an order drawn from the seed by id and cell type: other rows in the table do not change it.

    Parameters
    ----------
    wanted : int
        Accepted traces a level and cell type.
    """

    def __init__(self, observed: LabelledTable, wanted: int, seed: int) -> None:
        self._wanted = wanted
        self._accepted: Counter[tuple[int, int]] = Counter()
        self._queues: dict[tuple[int, int], deque[int]] = {}
        table = observed.table
        training = np.array([split == TRAIN for split in observed.splits], dtype=bool)
        for cell, name in enumerate(table.cell_types):
            for level in range(LEVELS):
                rows = np.flatnonzero(training & (observed.levels[:, cell] == level)).tolist()
                rows.sort(key=lambda row: _lot(seed, name, table.names[row]))
                self._queues[cell, level] = deque(rows[: MOST_DRAWN * wanted])

    def next_round(self) -> list[Chosen]:
        """As many rows as are still wanted, in the table's order; empty when done."""
        drawn: dict[int, list[int]] = {}
        for (cell, level), queue in self._queues.items():
            missing = self._wanted - self._accepted[cell, level]
            for _ in range(min(missing, len(queue))):
                drawn.setdefault(queue.popleft(), []).append(cell)
        return [(row, tuple(sorted(cells))) for row, cells in sorted(drawn.items())]

    def accept(self, cell: int, level: int) -> None:
        """Count an accepted trace."""
        self._accepted[cell, level] += 1

    def missing(self) -> dict[tuple[int, int], int]:
        """What could not be had: how many short, by cell type's column and level."""
        short = {key: self._wanted - self._accepted[key] for key in self._queues}
        return {key: count for key, count in short.items() if count > 0}


def _lot(seed: int, cell_type: str, name: str) -> bytes:
    return hashlib.blake2b(f"{seed}\n{cell_type}\n{name}".encode(), digest_size=16).digest()
