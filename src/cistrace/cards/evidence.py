"""What may speak of a sequence before any reasoning, and the form in which cards take it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.sites import Site

EvidenceKind = Literal["none", "associations", "towers"]
"""Nothing beside the motifs; associations of each TF with a table's activities; sequence models that were trained."""
PredictingEvidence = Literal["towers", "none"]
"""Kinds that a new sequence's card can have: associations are of a table's own rows."""

MOST_TOLD = 7  # sites that have an amount of their own


@dataclass(frozen=True, eq=False)
class SequenceEvidence:
    """Evidence of one sequence in all cell types that the model knows: its score as a sum, log2 units.

    Backdrop, amounts, and what the sites without one of their own are worth together, add up to the estimate.

    Attributes
    ----------
    estimates : ndarray, float32, shape (cell types,)
        The score, log2(RNA/DNA).
    backdrops : ndarray, float32, shape (cell types,)
        The score with all sites taken away.
    told : tuple of T int
        Places, among the sequence's sites, of those that have an amount of their own.
    amounts : ndarray, float32, shape (T, cell types)
        What each of them is worth.
    pair : tuple of two int, or None
        Places, among those told, of the two sites whose interplay was measured.
    interplay : ndarray, float32, shape (cell types,)
        What the two are worth together beyond what each would be by itself; half of it is in either's amount.
    distance : float
        How far the sequence lies from what the model learnt from, in the model's own measure; NaN where not known.
    """

    estimates: NDArray[np.float32]
    backdrops: NDArray[np.float32]
    told: tuple[int, ...]
    amounts: NDArray[np.float32]
    pair: tuple[int, int] | None
    interplay: NDArray[np.float32]
    distance: float = math.nan

    def of_columns(self, columns: Sequence[int]) -> SequenceEvidence:
        """The same in some of the cell types."""
        at = list(columns)
        return replace(
            self,
            estimates=self.estimates[at],
            backdrops=self.backdrops[at],
            amounts=self.amounts[:, at],
            interplay=self.interplay[at],
        )


class EvidenceModel(Protocol):
    """What a card maker asks. The shipped one is `towers.evidence.Towers`."""

    @property
    def cell_types(self) -> tuple[str, ...]:
        """Names of the columns."""

    def estimate(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Activities of sequences no longer than the window, log2(RNA/DNA): (N, cell types)."""

    def evidence(self, sequences: Sequence[str], sites: Sequence[Sequence[Site]]) -> list[SequenceEvidence]:
        """The same as sums over the sites of each."""
