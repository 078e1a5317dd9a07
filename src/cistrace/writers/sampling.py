"""How tokens are chosen: greedily, or drawn in a way that does not depend on what else is in the batch.

Every draw takes its uniform number from the prompt's own seed and the step, and picks the token where the filtered
distribution's cumulative probability, in the order of the vocabulary, passes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import LogitsProcessor


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen; the three figures count where not `greedy`."""

    greedy: bool = True
    temperature: float = 0.95
    top_p: float = 0.7
    top_k: int = 50
    most_tokens: int = 1024


class SeededDraw(LogitsProcessor):
    """Leaves one token a row possible: the one that the row's own random number draws.

    Temperature, then the `top_k` likeliest, then the fewest that together pass `top_p`, as transformers has them.
    """

    def __init__(self, sampling: Sampling, seeds: Sequence[int], prompt_length: int) -> None:
        self._sampling = sampling
        self._random = [np.random.Generator(np.random.Philox(key=seed)) for seed in seeds]
        self._prompt_length = prompt_length
        self._drawn = 0

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        assert input_ids.shape[1] == self._prompt_length + self._drawn  # one number a row and step, none skipped
        self._drawn += 1
        uniform = torch.tensor([random.random() for random in self._random], device=scores.device)
        top = torch.topk(scores.float() / self._sampling.temperature, min(self._sampling.top_k, scores.shape[1]), dim=1)
        probabilities = top.values.softmax(dim=1)
        before = probabilities.cumsum(dim=1) - probabilities
        kept = probabilities.masked_fill(before >= self._sampling.top_p, 0.0)
        # Drawn in the order of the tokens' numbers: two that are all but equally likely may change places from batch
        # to batch, and would take the draw with them.
        tokens, order = top.indices.sort(dim=1)
        cumulative = kept.gather(1, order).cumsum(dim=1)
        total = cumulative[:, -1:]
        drawn = torch.minimum(uniform[:, None] * total, torch.nextafter(total, torch.zeros_like(total)))
        place = (cumulative <= drawn).sum(dim=1)
        chosen = tokens.gather(1, place[:, None])
        return torch.full_like(scores, -torch.inf).scatter(1, chosen, 0.0)
