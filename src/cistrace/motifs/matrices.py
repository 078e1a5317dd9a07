"""The three kinds of matrix a motif can be given as; all of shape (width, 4), columns A, C, G, T, float64.

`CountMatrix` (PFM), `ProbabilityMatrix` (PPM) and `LogOddsMatrix` (PWM, bits). Pseudocounts follow FIMO (Grant, Bailey
& Noble, Bioinformatics 27:1017, 2011): 0.1 pseudo-sites, spread over the letters like the background.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cistrace.motifs.background import Background

PSEUDOCOUNT = 0.1


@dataclass(frozen=True, eq=False)
class LogOddsMatrix:
    """PWM: log2 of probability over background, bits; float64, shape (width, 4)."""

    bits: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ProbabilityMatrix:
    """PPM: rows sum to 1, float64, shape (width, 4); `sites` is the number of sites behind it."""

    probabilities: NDArray[np.float64]
    sites: float

    def smoothed(self, background: Background) -> ProbabilityMatrix:
        """With FIMO's pseudocount: (p x sites + 0.1 x background) / (sites + 0.1)."""
        total = self.sites + PSEUDOCOUNT
        mixed = (self.probabilities * self.sites + PSEUDOCOUNT * background.array) / total
        return ProbabilityMatrix(mixed, self.sites)

    def log_odds(self, background: Background) -> LogOddsMatrix:
        """Bits over the background. Every probability must be positive: smooth first."""
        return LogOddsMatrix(np.log2(self.probabilities / background.array))


@dataclass(frozen=True, eq=False)
class CountMatrix:
    """PFM: letter counts, float64, shape (width, 4). Rows may differ in sum, as some of JASPAR's do."""

    counts: NDArray[np.float64]

    def smoothed(self, background: Background) -> ProbabilityMatrix:
        """With FIMO's pseudocount: (counts + 0.1 x background) / (row sum + 0.1)."""
        sums = self.counts.sum(axis=1, keepdims=True)
        mixed = (self.counts + PSEUDOCOUNT * background.array) / (sums + PSEUDOCOUNT)
        return ProbabilityMatrix(mixed, float(sums.mean()))
