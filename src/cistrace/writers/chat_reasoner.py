"""The reasoner made of any chat model: it writes behind a chat template's prompt, and the head scores what was read.

The score is taken in a pass of its own over prompt and reasoning, on the last real token, as in training. A text that
never ended its reasoning is scored on the bare end of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from cistrace.traces.text import reasoning_of
from cistrace.writers.batches import batches_by_length, padded
from cistrace.writers.causal import write
from cistrace.writers.head import Head
from cistrace.writers.layout import Layout
from cistrace.writers.prompts import Prompt
from cistrace.writers.reasoner import OnWritten, Reasoned
from cistrace.writers.sampling import Sampling
from cistrace.writers.seeds import seed_of

BUDGET = 16_384  # tokens read together


class ChatReasoner:
    """Language model, layout and head of one checkpoint, in evaluation mode. See `writers.reasoner.Reasoner`."""

    def __init__(
        self, language_model: PreTrainedModel, layout: Layout, head: Head, sampling: Sampling, seed: int
    ) -> None:
        self.language_model = language_model.eval()
        self.layout = layout
        self.head = head.eval()
        self._sampling = sampling
        self.seed = None if sampling.greedy else seed

    def reason(
        self, prompts: Sequence[Sequence[Prompt]], features: Tensor, write: bool = True, constrained: bool = True,
        on_written: OnWritten | None = None, drafts: Sequence[Sequence[str]] | None = None, attempt: int = 0,
    ) -> Reasoned:  # fmt: skip
        """Score a batch, with traces unless told otherwise; there is no grammar to lift, and no use of drafts."""
        flat = [prompt for row in prompts for prompt in row]
        cells = len(prompts[0])
        if not write:
            return Reasoned(self._scores(flat, None, features).reshape(-1, cells), [[] for _ in prompts])
        texts = self._written(flat, on_written, attempt)
        grouped = [texts[begin : begin + cells] for begin in range(0, len(texts), cells)]
        return Reasoned(self.rescore(prompts, grouped, features), grouped)

    def rescore(self, prompts: Sequence[Sequence[Prompt]], texts: Sequence[Sequence[str]], features: Tensor) -> Tensor:
        """Scores (N, C) that the head gives where given reasonings end. See `writers.reasoner.Reasoner`."""
        flat = [prompt for row in prompts for prompt in row]
        reasonings = [reasoning_of(text) for row in texts for text in row]
        return self._scores(flat, reasonings, features).reshape(-1, len(prompts[0]))

    def _written(self, prompts: list[Prompt], on_written: OnWritten | None, attempt: int) -> list[str]:
        ids = [self.layout.whole_prompt(prompt) for prompt in prompts]
        texts = [""] * len(prompts)
        sampling = replace(self._sampling, greedy=self._sampling.greedy and not attempt)
        for places in batches_by_length(list(map(len, ids)), BUDGET):
            seeds = [seed_of(prompts[at].text, (self.seed or 0) + attempt) for at in places]
            tokens = write(
                self.language_model, self.layout.pad, self.layout.end, [ids[at] for at in places], sampling,
                seeds, on_written,
            )  # fmt: skip
            for at, text in zip(places, self.layout.tokenizer.batch_decode(tokens, skip_special_tokens=False)):
                texts[at] = text
        return texts

    @torch.inference_mode()
    def _scores(self, prompts: list[Prompt], reasonings: list[str] | None, features: Tensor) -> Tensor:
        """float32 (M,), read right-padded: what follows the scored token cannot be seen."""
        ids = [self.layout.whole_prompt(prompt) for prompt in prompts]
        if reasonings is not None:
            ends = (np.array(self.layout.reasoning_ids(reasoning), dtype=np.int32) for reasoning in reasonings)
            ids = [np.concatenate(pair) for pair in zip(ids, ends, strict=True)]
        flat = features.reshape(len(prompts), -1)
        scores = torch.zeros(len(prompts))
        device = self.language_model.device
        for places in batches_by_length(list(map(len, ids)), BUDGET):
            tokens, mask = padded([ids[at] for at in places], self.layout.pad, left=False)
            hidden = self.language_model.base_model(
                input_ids=tokens.to(device), attention_mask=mask.to(device), use_cache=False
            ).last_hidden_state
            last = hidden[torch.arange(len(places)), mask.sum(dim=1) - 1].float().cpu()
            scores[torch.tensor(places)] = self.head(last, flat[places])
        return scores
