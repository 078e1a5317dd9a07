"""The towers' evidence: an activity for a sequence, and for every motif hit what its loss would cost.

The contribution of a hit is by ablation: the activity of the sequence less its activity with the hit's
bases blanked (zeros in one-hot, as the towers know from padding). It says what a tower makes of these
bases, all cell types at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from cistrace.cards.evidence import SequenceEvidence
from cistrace.motifs.hit import MotifHit
from cistrace.towers.encoding import BLANK, base_codes, one_hot, opposite_codes
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
        Says what every hit is worth. A training row's contributions are from one light tower that never saw it; a
        new sequence's should be from one of that kind, and a dozen ablations a sequence should be cheap.
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

    def evidence(self, sequences: Sequence[str], hits: Sequence[Sequence[MotifHit]]) -> list[SequenceEvidence]:
        """Estimates, and the contribution of every given hit (given strand)."""
        codes = base_codes(list(sequences), self.window)
        counts = [len(found) for found in hits]
        blanked = np.repeat(codes, counts, axis=0)
        margins = [(self.window - len(bases)) // 2 for bases in sequences]
        flat = [(hit, margin) for found, margin in zip(hits, margins, strict=True) for hit in found]
        for row, (hit, margin) in enumerate(flat):
            blanked[row, margin + hit.start : margin + hit.end] = BLANK
        whole = np.repeat(self._pass(self._contributor, codes), counts, axis=0)
        lost = whole - self._pass(self._contributor, blanked)
        parts = np.split(lost, np.cumsum(counts)[:-1])
        return [SequenceEvidence(*pair) for pair in zip(self.estimate(sequences), parts, strict=True)]

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
