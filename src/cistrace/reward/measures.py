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
    given, other, light : ndarray, float32, shape (N, cell types)
        log2(RNA/DNA) as LegNet reads it from the given strand and from the other, and the light tower from the first.
    distances : ndarray, float32, shape (N,)
        From what LegNet learnt from; NaN where that is not known.
    shortfalls : ndarray, float32, shape (N, kinds)
    """

    given: Floats
    other: Floats
    light: Floats
    distances: Floats
    shortfalls: Floats

    @property
    def activities(self) -> Floats:
        """Mean of both strands: float32 (N, cell types)."""
        return (self.given + self.other) * np.float32(0.5)


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
        self.width = 3 * len(towers.cell_types) + 1 + len(self.kinds)

    def rows(self, sequences: list[str]) -> Floats:
        """A row for every sequence: float32 (N, width), independent of its neighbours."""
        reading = self._towers.reading(sequences)
        parts = [*reading.strands, self._towers.light(sequences), reading.distances[:, None]]
        if self._checker is not None:
            parts.append(self._checker.shortfalls(sequences))
        return np.concatenate(parts, axis=1, dtype=np.float32)

    def of(self, rows: Floats) -> Measured:
        """What rows say."""
        cells = len(self._towers.cell_types)
        given, other, light, rest = np.split(rows, [cells, 2 * cells, 3 * cells], axis=1)
        return Measured(given, other, light, rest[:, 0], rest[:, 1:])
