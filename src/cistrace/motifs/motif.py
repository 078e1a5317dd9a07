"""One motif of a library: its names, families and matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cistrace.motifs.background import Background
from cistrace.motifs.matrices import CountMatrix, LogOddsMatrix, ProbabilityMatrix


@dataclass(frozen=True, eq=False, repr=False)
class Motif:
    """One matrix of a library.

    Attributes
    ----------
    matrix_id, name : str
        `MA0079.5` and `SP1`; the id and alternate name of a MEME file (the id again where it has none).
    families : frozenset of str
        Families of the TF; empty where unknown, as in MEME files.
    matrix : CountMatrix or ProbabilityMatrix
        As the source gives it: JASPAR counts, MEME probabilities.
    """

    matrix_id: str
    name: str
    families: frozenset[str]
    matrix: CountMatrix | ProbabilityMatrix

    @property
    def values(self) -> NDArray[np.float64]:
        """The raw entries, counts or probabilities; float64, shape (width, 4)."""
        return self.matrix.counts if isinstance(self.matrix, CountMatrix) else self.matrix.probabilities

    @property
    def width(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"<Motif {self.matrix_id} {self.name}, {self.width} bp>"

    def log_odds(self, background: Background) -> LogOddsMatrix:
        """The PWM over a `background`, with FIMO's pseudocount."""
        return self.matrix.smoothed(background).log_odds(background)
