"""A batch of texts in the middle of being read by a language model."""

from __future__ import annotations

from inspect import signature

import torch
from torch import Tensor
from transformers import LlamaModel, PreTrainedModel

from cistrace.writers.cache import crop, repeat_rows, roomy_cache, select_rows

# What transformers calls the cache: `past_key_values` until 5.23, and a warning at every call from then on.
_CACHE = "cache" if "cache" in signature(LlamaModel.forward).parameters else "past_key_values"


class Reading:
    """What a model has read of N texts: its cache, and which places of that count."""

    def __init__(self, model: PreTrainedModel, texts: int) -> None:
        self._model = model
        self._cache = roomy_cache()
        self._mask = torch.empty((texts, 0), dtype=torch.long, device=model.device)

    def read(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Read tokens (N, L) behind what was read: the last hidden states (N, L, hidden).

        Padding, where `mask` (N, L) is 0 or False, may stand anywhere: nothing sees it, and it takes no position.
        """
        if tokens.shape[1] == 0:
            return torch.empty((*tokens.shape, self._model.config.hidden_size), device=tokens.device)
        self._mask = torch.cat([self._mask, mask.to(self._mask.dtype)], dim=1)
        positions = (self._mask.cumsum(dim=1) - 1).clamp_min(0)[:, -tokens.shape[1] :]
        output = self._model.model(
            input_ids=tokens,
            attention_mask=self._mask,
            position_ids=positions,
            use_cache=True,
            **{_CACHE: self._cache},
        )
        hidden: Tensor = output.last_hidden_state
        return hidden

    def keep(self, texts: Tensor, width: int, counts: Tensor) -> None:
        """Go on with these texts (M,), and of the `width` tokens read last with the first `counts` (M,) of each."""
        begin = self._mask.shape[1] - width
        kept = torch.arange(int(counts.max()), device=counts.device) < counts[:, None]
        crop(self._cache, begin + kept.shape[1])
        if len(texts) < len(self._mask):
            select_rows(self._cache, texts)
        self._mask = torch.cat([self._mask[texts, :begin], kept.to(self._mask.dtype)], dim=1)

    def repeat(self, times: int) -> None:
        """Go on with every text `times` times, neighbours together."""
        repeat_rows(self._cache, times)
        self._mask = self._mask.repeat_interleave(times, dim=0)
