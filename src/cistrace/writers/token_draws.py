"""Draws of single tokens that depend on nothing but the prompt, the attempt and how much of the text is written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

TEMPERATURE = 0.5  # of a trace that is written again: near what the model thinks best, but not the same once more


@dataclass(frozen=True, eq=False)
class TokenDraws:
    """Draws for N texts, whatever their neighbours are.

    Adding Gumbel noise to logits and taking the largest draws from their softmax (Gumbel 1954; Maddison et al. 2014).

    Attributes
    ----------
    seeds : list of N int
        Of the texts.
    written : list of N int
        Tokens of each so far.
    """

    seeds: list[int]
    written: list[int]

    def perturbed(self, at: Tensor, logits: Tensor) -> Tensor:
        """Logits (M, tokens) of the texts `at` (M,), with their noise."""
        rows = [self._noise(row, logits.shape[1]) for row in at.tolist()]
        return logits / TEMPERATURE + torch.stack(rows).to(logits)

    def _noise(self, row: int, tokens: int) -> Tensor:
        # Counters that are neighbours give the same numbers, four places on: each token has a range of its own.
        random = np.random.Generator(np.random.Philox(key=self.seeds[row], counter=self.written[row] << 64))
        return torch.from_numpy(random.gumbel(size=tokens))
