"""The towers' evidence: an activity for a sequence, and for every motif hit what its loss would cost.

The contribution of a hit is by ablation: the activity of the sequence less its activity with the hit's
bases blanked (zeros in one-hot, as the towers know from padding). It says what one tower makes of these
bases, all cell types at once. One, not all: a training row's contributions are from the single tower
that never saw it, and a dozen ablations of every sequence in every tower would be most of the passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from cistrace.model.tower import Tower, base_codes, fused, one_hot, reverse_complement
from cistrace.records import MotifHit

BLANK = 4
# Every pass has this many rows, the last filled up: a row's result then cannot depend on its neighbours.
ROWS = 64


@dataclass(frozen=True, eq=False)
class TowerEvidence:
    """What the towers say of a batch.

    Attributes
    ----------
    estimates : ndarray, float32, shape (N, cell types)
        log2(RNA/DNA), mean over towers and both strands.
    contributions : list of N ndarray, float32, shape (hits, cell types)
    """

    estimates: np.ndarray
    contributions: list[np.ndarray]


class Towers:
    """An ensemble of towers that share a window and cell types; the last of them gives the contributions."""

    def __init__(self, towers: Sequence[Tower]) -> None:
        self.towers = [fused(tower) for tower in towers]
        self.window = towers[0].config.window
        self.cell_types = towers[0].config.cell_types

    def estimate(self, sequences: Sequence[str]) -> np.ndarray:
        """Activities (N, cell types), mean over towers and strands, for sequences of at most `window` bp."""
        return self._pass(base_codes(list(sequences), self.window), self.towers, both_strands=True)

    def evidence(self, sequences: Sequence[str], hits: Sequence[Sequence[MotifHit]]) -> TowerEvidence:
        """Estimates, and the contribution of every given hit (forward strand, last tower)."""
        codes = base_codes(list(sequences), self.window)
        estimates = self._pass(codes, self.towers, both_strands=True)
        counts = [len(found) for found in hits]
        blanked = np.repeat(codes, counts, axis=0)
        margins = [(self.window - len(bases)) // 2 for bases in sequences]
        flat = [(hit, margin) for found, margin in zip(hits, margins, strict=True) for hit in found]
        for row, (hit, margin) in enumerate(flat):
            blanked[row, margin + hit.start : margin + hit.end] = BLANK
        one = self.towers[-1:]
        whole = np.repeat(self._pass(codes, one, both_strands=False), counts, axis=0)
        lost = whole - self._pass(blanked, one, both_strands=False)
        return TowerEvidence(estimates, np.split(lost, np.cumsum(counts)[:-1]))

    @torch.inference_mode()
    def _pass(self, codes: np.ndarray, towers: Sequence[Tower], both_strands: bool) -> np.ndarray:
        parts = [np.zeros((0, len(self.cell_types)), dtype=np.float32)]
        for start in range(0, len(codes), ROWS):
            block = codes[start : start + ROWS]
            filled = np.full((ROWS, self.window), BLANK, dtype=np.int64)
            filled[: len(block)] = block
            x = one_hot(filled)
            views = [x, reverse_complement(x)] if both_strands else [x]
            outputs = torch.stack([tower(view) for tower in towers for view in views])
            parts.append(outputs.mean(dim=0)[: len(block)].numpy())
        return np.concatenate(parts)
