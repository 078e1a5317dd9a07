"""Log-odds as FIMO counts them: whole numbers, so that the distribution of a window's sum is exact.

Grant, Bailey & Noble, Bioinformatics 27:1017, 2011.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cistrace.motifs.background import Background
from cistrace.motifs.motif import Motif

SCORE_RANGE = 1000  # FIMO's integers per matrix entry run from 0 to about this


@dataclass(frozen=True, eq=False)
class IntegerMatrix:
    """A log-odds matrix as FIMO scales it.

    Attributes
    ----------
    entries : ndarray, int64, shape (width, 4)
        round((bits - offset) x scale), columns A, C, G, T; never negative.
    scale, offset : float
        Whole numbers. The score of a window in bits is sum / scale + width x offset.
    """

    entries: NDArray[np.int64]
    scale: float
    offset: float

    @property
    def best(self) -> int:
        """The highest sum a window can reach."""
        return int(self.entries.max(axis=1).sum())

    def bits(self, total: int) -> float:
        """Score in bits of a window whose entries sum to `total`."""
        return total / self.scale + len(self.entries) * self.offset


def integer_matrix(motif: Motif, background: Background) -> IntegerMatrix:
    """FIMO's integers: pseudocount, log2 odds, offset = floor(min), scale = floor(1000 / (max - offset))."""
    bits = motif.log_odds(background).bits
    low, high = float(bits.min()), float(bits.max())
    if low == high:  # a matrix that says nothing: FIMO lets its range start at zero
        low = high - 1.0
    offset = float(np.floor(low))
    scale = float(np.floor(SCORE_RANGE / (high - offset)))
    return IntegerMatrix(np.rint((bits - offset) * scale).astype(np.int64), scale, offset)
