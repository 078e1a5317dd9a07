"""Sums of integer matrices over sequences, by lightmotif (SIMD): where they reach a motif's lowest sum of a hit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from lightmotif.lib import ScoringMatrix, stripe
from lightmotif.lib import scan as scan_striped
from numpy.typing import NDArray

from cistrace.motifs.background import LETTERS

AMBIGUOUS = -1e6  # entry of N: no window over one can pass any threshold

# Everything but A, C, G and T (of either case) reads as N.
_TO_ACGTN = bytes(ord(c) if (c := chr(code).upper()) in LETTERS else ord("N") for code in range(256))


@dataclass(frozen=True, eq=False)
class ScanPlan:
    """What a process needs to scan: small, so that it can go with every batch.

    Attributes
    ----------
    entries : ndarray, int32, shape (sum of widths, 4)
        All integer matrices end to end.
    widths : ndarray, int64, shape (motifs,)
    floors : ndarray, int64, shape (motifs,)
        The lowest sum of a hit of each.
    """

    entries: NDArray[np.int32]
    widths: NDArray[np.int64]
    floors: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RawHits:
    """Hits of a batch as sums, in the order they were found.

    Attributes
    ----------
    motifs : ndarray, int32, shape (hits,)
        Places in the library.
    strands : ndarray, int8, shape (hits,)
        1 is reverse.
    positions : ndarray, int64, shape (hits,)
        Start in the batch's sequences joined by one letter between two.
    totals : ndarray, int64, shape (hits,)
    """

    motifs: NDArray[np.int32]
    strands: NDArray[np.int8]
    positions: NDArray[np.int64]
    totals: NDArray[np.int64]


class Engine:
    """The matrices that can reach the threshold, both ways round, ready for lightmotif. One per process."""

    def __init__(self, plan: ScanPlan) -> None:
        self._passes = []
        for index, entries in enumerate(np.split(plan.entries, np.cumsum(plan.widths)[:-1])):
            floor = int(plan.floors[index])
            if floor <= int(entries.max(axis=1).sum()):
                self._passes.append((index, 0, _scoring_matrix(entries), float(floor)))
                self._passes.append((index, 1, _scoring_matrix(entries[::-1, ::-1]), float(floor)))
        self._padding = "N" * (int(plan.widths.max()) + 1)

    def scan(self, sequences: list[str]) -> RawHits:
        """The raw hits of a batch."""
        # One N between two sequences keeps every window from running over the seam.
        joined = "N".join(sequences) + self._padding
        text = joined.encode("ascii", "replace").translate(_TO_ACGTN).decode("ascii")
        striped = stripe(text)
        motifs: list[int] = []
        strands: list[int] = []
        positions: list[int] = []
        totals: list[float] = []
        for index, strand, matrix, floor in self._passes:
            hits = list(scan_striped(matrix, striped, threshold=floor))
            if hits:
                motifs += [index] * len(hits)
                strands += [strand] * len(hits)
                positions += [hit.position for hit in hits]
                totals += [hit.score for hit in hits]
        return RawHits(
            np.array(motifs, dtype=np.int32),
            np.array(strands, dtype=np.int8),
            np.array(positions, dtype=np.int64),
            np.array(totals, dtype=np.float64).astype(np.int64),
        )


def _scoring_matrix(entries: NDArray[np.int32]) -> ScoringMatrix:
    columns = {letter: entries[:, i].tolist() for i, letter in enumerate(LETTERS)}
    return ScoringMatrix({**columns, "N": [AMBIGUOUS] * len(entries)})
