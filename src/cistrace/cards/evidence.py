"""What may speak of a sequence before any reasoning, and the form in which cards take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from cistrace.motifs.hit import MotifHit

EvidenceKind = Literal["none", "associations", "towers"]
"""Nothing beside the motifs; associations of each TF with a table's activities; sequence models that were trained."""
PredictingEvidence = Literal["towers", "none"]
"""Kinds that a new sequence's card can have: associations are of a table's own rows."""


@dataclass(frozen=True, eq=False)
class SequenceEvidence:
    """Evidence of one sequence in all cell types that the model knows.

    Attributes
    ----------
    estimates : ndarray, float32, shape (cell types,)
        Activities, log2(RNA/DNA).
    contributions : ndarray, float32, shape (hits, cell types)
        What every hit is worth, log2 units.
    """

    estimates: NDArray[np.float32]
    contributions: NDArray[np.float32]


class EvidenceModel(Protocol):
    """What a card maker asks. The shipped one is `towers.evidence.Towers`."""

    @property
    def cell_types(self) -> tuple[str, ...]:
        """Names of the columns."""

    def estimate(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Activities of sequences no longer than the window, log2(RNA/DNA): (N, cell types)."""

    def evidence(self, sequences: Sequence[str], hits: Sequence[Sequence[MotifHit]]) -> list[SequenceEvidence]:
        """The same, with the contribution of every hit of each."""
