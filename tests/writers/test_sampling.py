"""How tokens are drawn."""

from __future__ import annotations

from collections import Counter

import numpy as np
import torch
from transformers.generation.logits_process import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from cistrace.writers.sampling import Sampling, SeededDraw
from cistrace.writers.seeds import seed_of


def test_draws_follow_the_filtered_distribution() -> None:
    """Against transformers' own warpers, over many seeds."""
    scores = torch.tensor([[2.0, 1.5, 1.2, 1.1, 0.0, -1.0, -8.0]])
    sampling = Sampling(greedy=False, temperature=0.8, top_p=0.85, top_k=5)
    ids = torch.zeros((1, 1), dtype=torch.long)
    kept = scores
    for warper in (TemperatureLogitsWarper(0.8), TopKLogitsWarper(5), TopPLogitsWarper(0.85)):
        kept = warper(ids, kept)
    expected = kept.softmax(dim=1)[0]
    count = 20_000
    draw = SeededDraw(sampling, [seed_of(str(at), 0) for at in range(count)], 1)
    chosen = draw(ids.expand(count, 1), scores.expand(count, -1)).argmax(dim=1).tolist()
    found = Counter(chosen)
    for token, probability in enumerate(expected.tolist()):
        bound = 5 * np.sqrt(probability * (1 - probability) / count)
        assert abs(found[token] / count - probability) <= bound
