"""The towers' evidence: an activity for a sequence, and what of it each of its sites is worth.

A site's worth is by ablation: its bases are blanked (zeros in one-hot, as the towers know from padding) and the
sequence is scored again, by the very tower that gives the activity. Another, light one looks first, on the given strand
alone, at which sites weigh most.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from cistrace.cards.evidence import SequenceEvidence
from cistrace.cards.sites import Site
from cistrace.towers.contributions import base_contributions
from cistrace.towers.encoding import BLANK, base_codes, one_hot, opposite_codes
from cistrace.towers.site_evidence import site_evidence
from cistrace.towers.tower import Tower, fused

# Every pass has this many rows, the last filled up: a row's result then cannot depend on its neighbours. LegNet's
# largest arrays (6 MiB at 200 bp) then stay in a CPU's cache.
ROWS = 32


class Towers:
    """Two towers that share a window and cell types, and compute on the device where they lie.

    Parameters
    ----------
    estimator : Tower
        Gives the activity, mean of both strands.
    contributor : Tower
        Looks which sites weigh most.
    """

    def __init__(self, estimator: Tower, contributor: Tower) -> None:
        self.window = estimator.window
        self.cell_types = estimator.cell_types
        self._estimator = fused(estimator)
        self._contributor = fused(contributor)

    def estimate(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Activities (N, cell types), mean of both strands, for sequences of at most `window` bp."""
        return self.strands(sequences).mean(axis=0)

    def strands(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Activities as read from the given strand and from the other: float32 (2, N, cell types)."""
        codes = base_codes(list(sequences), self.window)
        both = self._pass(self._estimator, np.concatenate([codes, opposite_codes(codes)]))
        return both.reshape(2, len(codes), len(self.cell_types))

    def evidence(self, sequences: Sequence[str], sites: Sequence[Sequence[Site]]) -> list[SequenceEvidence]:
        """Activities, as sums over the sites of each sequence: see `towers.site_evidence`."""
        return site_evidence(self.given, self.other, sequences, sites, self.weights(sequences, sites))

    def given(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Activities as read from the given strand: float32 (N, cell types)."""
        return self._pass(self._estimator, base_codes(list(sequences), self.window))

    def other(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Activities as read from the other strand: float32 (N, cell types)."""
        return self._pass(self._estimator, opposite_codes(base_codes(list(sequences), self.window)))

    def weights(self, sequences: Sequence[str], sites: Sequence[Sequence[Site]]) -> list[NDArray[np.float32]]:
        """How much each site of each sequence seems to weigh, the most of all cell types: float32 (sites,) each."""
        codes = base_codes(list(sequences), self.window)
        counts = [len(found) for found in sites]
        blanked = np.repeat(codes, counts, axis=0)
        margins = [(self.window - len(bases)) // 2 for bases in sequences]
        flat = [(site, margin) for found, margin in zip(sites, margins, strict=True) for site in found]
        for row, (site, margin) in enumerate(flat):
            blanked[row, margin + site.start : margin + site.end] = BLANK
        whole = np.repeat(self._pass(self._contributor, codes), counts, axis=0)
        lost = np.abs(whole - self._pass(self._contributor, blanked)).max(axis=1)
        return [lost[end - count : end] for count, end in zip(counts, np.cumsum(counts, dtype=int), strict=True)]

    def contributions(
        self, sequences: Sequence[str], activities: NDArray[np.float32] | None = None
    ) -> list[NDArray[np.float32]]:
        """What every base adds to the activity, mean of both strands, log2 units: float32 (bases, cell types) each.

        A sequence's contributions and `blank` add up to its activity, but for `towers.contributions.TOLERANCE` at
        most where its steps suffice. N adds nothing.

        Parameters
        ----------
        sequences : sequence of str
            Of at most `window` bp.
        activities : ndarray, float32, shape (N, cell types), optional
            What `estimate` says of them, where that is known already.
        """
        codes = base_codes(list(sequences), self.window)
        differences = (self.estimate(sequences) if activities is None else activities) - self.blank
        found = base_contributions(self._estimator, codes, differences)
        starts = [(self.window - len(bases)) // 2 for bases in sequences]
        return [row[start : start + len(bases)] for row, start, bases in zip(found, starts, sequences, strict=True)]

    @cached_property
    def blank(self) -> NDArray[np.float32]:
        """The activity without any base, which contributions start from: float32 (cell types,)."""
        return self.estimate([""])[0]

    @torch.inference_mode()
    def _pass(self, tower: Tower, codes: NDArray[np.int64]) -> NDArray[np.float32]:
        device = tower.location.device
        parts = [np.zeros((0, len(self.cell_types)), dtype=np.float32)]
        for start in range(0, len(codes), ROWS):
            block = codes[start : start + ROWS]
            filled = np.full((ROWS, self.window), BLANK, dtype=np.int64)
            filled[: len(block)] = block
            parts.append(tower(one_hot(filled).to(device))[: len(block)].cpu().numpy())
        return np.concatenate(parts)
