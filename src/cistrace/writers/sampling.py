"""Any causal language model writes, many prompts together, greedily or by sampling.

What is written for a prompt does not depend on its neighbours: every draw takes its uniform number from the prompt's
own seed and the step, and picks the token where the filtered distribution's cumulative probability, in the order of
the vocabulary, passes it. The generation itself is transformers'.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList, PreTrainedModel


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen; the three figures count where not `greedy`."""

    greedy: bool = True
    temperature: float = 0.95
    top_p: float = 0.7
    top_k: int = 50
    most_tokens: int = 1024


def seed_of(text: str, seed: int) -> int:
    """A seed of its own for a text: 63 bits of BLAKE2b."""
    digest = hashlib.blake2b(f"{seed}\n{text}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def batches_by_length(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Places of prompts to read together, longest first: padded, at most `budget` tokens, and at least one prompt."""
    order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    while order:
        size = max(1, budget // max(1, lengths[order[0]]))
        yield order[:size]
        order = order[size:]


@torch.no_grad()
def write(
    model: PreTrainedModel, pad: int, end: int, prompts: Sequence[Sequence[int]], sampling: Sampling,
    seeds: Sequence[int],
) -> list[list[int]]:  # fmt: skip
    """Let a model write behind prompts.

    Parameters
    ----------
    pad, end : int
        Token that fills up, masked; token after which nothing is written.
    prompts : N sequences of int
        Tokens, read together in one batch.
    seeds : N int
        One a prompt; see `seed_of`.

    Returns
    -------
    N lists of int
        Tokens written, without the end token; at most `sampling.most_tokens`.
    """
    if not prompts:
        return []
    device = model.device
    length = max(map(len, prompts))
    ids = torch.tensor([[pad] * (length - len(prompt)) + list(prompt) for prompt in prompts], device=device)
    mask = torch.tensor([[0] * (length - len(prompt)) + [1] * len(prompt) for prompt in prompts], device=device)
    drawing = [] if sampling.greedy else [SeededDraw(sampling, seeds, length)]
    training = model.training
    model.eval()
    try:
        output = model.generate(  # type: ignore[operator]
            input_ids=ids,
            attention_mask=mask,
            generation_config=GenerationConfig(
                do_sample=False,
                max_new_tokens=sampling.most_tokens,
                pad_token_id=pad,
                eos_token_id=end,
                bos_token_id=end,
            ),
            logits_processor=LogitsProcessorList(drawing),
        )
    finally:
        model.train(training)
    return [_until(written, end) for written in output[:, length:].tolist()]


def _until(tokens: list[int], end: int) -> list[int]:
    return tokens[: tokens.index(end)] if end in tokens else tokens


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
