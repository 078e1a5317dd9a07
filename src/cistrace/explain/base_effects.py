"""What every base of a sequence does to a model's activity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cistrace.io.dna_sequence import DnaSequence

BASES = "ACGT"  # the order of what stands in a base's place


@dataclass(frozen=True, slots=True, eq=False)
class WindowSum:
    """One window that a model read, and the check that the contributions of its bases add up.

    Attributes
    ----------
    start, end : int
        0-based, half-open, in the sequence.
    activity : ndarray, float32, shape (cell types,)
        Of the window, log2(RNA/DNA).
    blank : ndarray, float32, shape (cell types,), or None
        The activity without any base; None, like `contributed`, where nothing was attributed.
    contributed : ndarray, float32, shape (cell types,), or None
        Sum of the contributions of all bases of the window.
    """

    start: int
    end: int
    activity: NDArray[np.float32]
    blank: NDArray[np.float32] | None = None
    contributed: NDArray[np.float32] | None = None

    @property
    def lost(self) -> NDArray[np.float32] | None:
        """What contributions fall short of activity minus blank: float32 (cell types,), log2 units."""
        if self.blank is None or self.contributed is None:
            return None
        return self.activity - self.blank - self.contributed


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BaseEffects:
    """One sequence, base by base: what each adds, and what another in its place would change.

    Attributes
    ----------
    sequence : DnaSequence
    cell_types : tuple of str
    changes : ndarray, float32, shape (bases, 4, cell types)
        By how much the activity changes where A, C, G or T takes the base's place, log2 units: 0 for the base itself,
        NaN where the sequence has none of these four.
    contributions : ndarray, float32, shape (bases, cell types), or None
        What each base adds, log2 units (`towers.contributions`); None for a model of one's own, which tells no slopes.
    windows : tuple of WindowSum
        What the model read: the whole sequence, or windows that overlap by half.
    window_of : ndarray, intp, shape (bases,)
        Each base's window, in which it lies farthest from the ends: what is said of it is true there.
    """

    sequence: DnaSequence
    cell_types: tuple[str, ...]
    changes: NDArray[np.float32]
    contributions: NDArray[np.float32] | None
    windows: tuple[WindowSum, ...]
    window_of: NDArray[np.intp]

    def __repr__(self) -> str:
        attributed = "without" if self.contributions is None else "with"
        return (
            f"<BaseEffects of {self.sequence.id}, {len(self.sequence.bases):,} bp in {', '.join(self.cell_types)}, "
            f"{attributed} contributions>"
        )

    def _repr_html_(self) -> str:
        from cistrace.explain.html import effects_html  # which needs this module

        return effects_html(self)
