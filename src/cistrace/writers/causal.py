"""Any causal language model writes, many prompts together, greedily or by sampling.

What is written for a prompt does not depend on its neighbours (`writers.sampling`). The generation itself is
transformers'.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import BoolTensor, Tensor
from transformers import (
    GenerationConfig,
    LogitsProcessorList,
    PreTrainedModel,
    StoppingCriteria,
    StoppingCriteriaList,
)

from cistrace.writers.batches import padded
from cistrace.writers.reasoner import OnWritten
from cistrace.writers.sampling import Sampling, SeededDraw


@torch.no_grad()
def write(
    model: PreTrainedModel, pad: int, end: int, prompts: Sequence[NDArray[np.int32]], sampling: Sampling,
    seeds: Sequence[int], on_written: OnWritten | None = None,
) -> list[list[int]]:  # fmt: skip
    """Let a model write behind prompts.

    Parameters
    ----------
    pad, end : int
        Token that fills up, masked; token after which nothing is written.
    prompts : N arrays of int32
        Tokens (`Layout.whole_prompt`), read together in one batch.
    seeds : N int
        One a prompt; see `seeds.seed_of`.
    on_written : callable, optional
        Called while tokens are written, with how many more prompts are done with; N in all.

    Returns
    -------
    N lists of int
        Tokens written, without the end token; at most `sampling.most_tokens`.
    """
    if not prompts:
        return []
    device = model.device
    length = max(map(len, prompts))
    ids, mask = (rows.to(device) for rows in padded(prompts, pad, left=True))
    ended = _EndedRows(len(prompts), end, on_written)
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
            stopping_criteria=StoppingCriteriaList([ended]),
        )
    finally:
        model.train(training)
    ended.rest()
    return [_until(written, end) for written in output[:, length:].tolist()]


def _until(tokens: list[int], end: int) -> list[int]:
    return tokens[: tokens.index(end)] if end in tokens else tokens


class _EndedRows(StoppingCriteria):
    """Reports rows as they end; it ends none."""

    def __init__(self, rows: int, end: int, on_written: OnWritten | None) -> None:
        self._left = torch.ones(rows, dtype=torch.bool)
        self._end = end
        self._on_written = on_written

    def __call__(self, input_ids: Tensor, scores: Tensor, **_: object) -> BoolTensor:
        self._report(self._left & (input_ids[:, -1] == self._end).cpu())
        return cast(BoolTensor, torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device))

    def rest(self) -> None:
        """Report the rows that were cut off at the most tokens."""
        self._report(self._left)

    def _report(self, rows: Tensor) -> None:
        count = int(rows.sum())
        self._left = self._left & ~rows
        if count and self._on_written is not None:
            self._on_written(count)
