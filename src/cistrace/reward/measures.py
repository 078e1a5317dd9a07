"""What a reward asks of a sequence: the numbers that it remembers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cistrace.towers.evidence import Towers

Floats = NDArray[np.float32]


class Checker(Protocol):
    """Tells how far sequences are from meeting constraints; must bear several threads.

    `kinds` names the columns of `shortfalls`: float32 (N, kinds), 0 where a constraint is met, the larger the further
    it is from that.
    """

    @property
    def kinds(self) -> tuple[str, ...]: ...

    def shortfalls(self, sequences: Sequence[str]) -> Floats: ...


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured of N sequences.

    Attributes
    ----------
    activities, disagreement : ndarray, float32, shape (N, cell types)
        log2(RNA/DNA): mean of both strands; how far what the strands say is from it.
    shortfalls : ndarray, float32, shape (N, kinds)
    """

    activities: Floats
    disagreement: Floats
    shortfalls: Floats


class Measures:
    """Measures sequences as rows of plain numbers, and tells such rows apart again.

    Parameters
    ----------
    towers : Towers
    checker : Checker or None
    """

    def __init__(self, towers: Towers, checker: Checker | None) -> None:
        self._towers, self._checker = towers, checker
        self.kinds = () if checker is None else tuple(checker.kinds)
        self.width = 2 * len(towers.cell_types) + len(self.kinds)

    def rows(self, sequences: list[str]) -> Floats:
        """A row for every sequence: float32 (N, width), independent of its neighbours."""
        strands = self._towers.strands(sequences)
        parts = [strands.mean(axis=0), np.abs(strands[0] - strands[1]) / 2]
        if self._checker is not None:
            parts.append(self._checker.shortfalls(sequences))
        return np.concatenate(parts, axis=1, dtype=np.float32)

    def of(self, rows: Floats) -> Measured:
        """What rows say."""
        cells = len(self._towers.cell_types)
        return Measured(rows[:, :cells], rows[:, cells : 2 * cells], rows[:, 2 * cells :])
