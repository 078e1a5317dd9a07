"""The evidence: an activity for a sequence, and for every motif hit what its loss would cost.

Two kinds of model speak, convolutional towers and k-mer models, several of each; their means are
weighed together. Below, `towers` means both.

The contribution of a hit is by ablation: the activity of the sequence less its activity with the hit's
bases blanked (zeros in one-hot, as the towers know from padding). It says what the towers make of
these bases, all cell types at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from cistrace.model.kmers import KmerModel
from cistrace.model.tower import Tower, base_codes, one_hot, reverse_complement
from cistrace.records import MotifHit

BLANK = 4
# Share of the k-mer models in the mean; chosen on val among 0.2, 1/3 and 0.4.
KMER_SHARE = 1 / 3
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
    """An ensemble of towers and k-mer models that share a window and cell types."""

    def __init__(self, towers: Sequence[Tower], kmers: Sequence[KmerModel]) -> None:
        self.towers = [tower.eval() for tower in towers]
        self.kmers = [model.eval() for model in kmers]
        self.window = towers[0].config.window
        self.cell_types = towers[0].config.cell_types

    def estimate(self, sequences: Sequence[str]) -> np.ndarray:
        """Activities (N, cell types), mean over towers and strands, for sequences of at most `window` bp."""
        return self._pass(base_codes(list(sequences), self.window), both_strands=True)

    def evidence(self, sequences: Sequence[str], hits: Sequence[Sequence[MotifHit]]) -> TowerEvidence:
        """Estimates, and the contribution of every given hit (forward strand, mean over towers)."""
        codes = base_codes(list(sequences), self.window)
        estimates = self._pass(codes, both_strands=True)
        counts = [len(found) for found in hits]
        blanked = np.repeat(codes, counts, axis=0)
        margins = [(self.window - len(bases)) // 2 for bases in sequences]
        flat = [(hit, margin) for found, margin in zip(hits, margins, strict=True) for hit in found]
        for row, (hit, margin) in enumerate(flat):
            blanked[row, margin + hit.start : margin + hit.end] = BLANK
        whole = np.repeat(self._pass(codes, both_strands=False), counts, axis=0)
        lost = whole - self._pass(blanked, both_strands=False)
        return TowerEvidence(estimates, np.split(lost, np.cumsum(counts)[:-1]))

    @torch.inference_mode()
    def _pass(self, codes: np.ndarray, both_strands: bool) -> np.ndarray:
        parts = [np.zeros((0, len(self.cell_types)), dtype=np.float32)]
        for start in range(0, len(codes), ROWS):
            block = codes[start : start + ROWS]
            filled = np.full((ROWS, self.window), BLANK, dtype=np.int64)
            filled[: len(block)] = block
            x = one_hot(filled)
            views = [x, reverse_complement(x)] if both_strands else [x]
            towers = torch.stack([tower(view) for tower in self.towers for view in views]).mean(dim=0)
            roots = self.kmers[0].roots(torch.from_numpy(filled))
            kmers = torch.stack([model.from_roots(roots) for model in self.kmers]).mean(dim=0)
            both = (1 - KMER_SHARE) * towers + KMER_SHARE * kmers
            parts.append(both[: len(block)].numpy())
        return np.concatenate(parts)
