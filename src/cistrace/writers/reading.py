"""A batch of texts in the middle of being read by the compact language model."""

from __future__ import annotations

import torch
from torch import Tensor

from cistrace.writers.decoder import Decoder


class Reading:
    """What a decoder has read of N texts: its past, and which places of that count."""

    def __init__(self, decoder: Decoder, texts: int) -> None:
        self._decoder = decoder
        self._past = decoder.new_past(texts)
        self._mask = torch.empty((texts, 0), dtype=torch.bool, device=decoder.device)

    def read(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Read tokens (N, L) behind what was read: the last hidden states (N, L, hidden).

        Padding, where `mask` (N, L) is 0 or False, may stand anywhere: nothing sees it, and it takes no position.
        """
        length = tokens.shape[1]
        if length == 0:
            return torch.empty((*tokens.shape, self._decoder.hidden_size), device=tokens.device)
        self._mask = torch.cat([self._mask, mask.bool()], dim=1)
        positions = (self._mask.cumsum(dim=1) - 1).clamp_min(0)[:, -length:]
        place = torch.arange(self._mask.shape[1], device=tokens.device)
        own = place[-length:, None]
        # Each sees itself too, so that padding sees something: of nothing, attention makes what is no number.
        seen = (self._mask[:, None] & (place <= own)) | (place == own)
        hidden: Tensor = self._decoder(tokens, positions, seen, self._past)
        return hidden

    def keep(self, texts: Tensor, width: int, counts: Tensor) -> None:
        """Go on with these texts (M,), by rising place, and the first `counts` (M,) of the `width` tokens read last."""
        begin = self._mask.shape[1] - width
        kept = torch.arange(int(counts.max()), device=counts.device) < counts[:, None]
        self._past.crop(begin + kept.shape[1])
        if len(texts) < len(self._mask):
            self._past.select(texts)
        self._mask = torch.cat([self._mask[texts, :begin], kept], dim=1)

    def repeat(self, times: int) -> None:
        """Go on with every text `times` times, neighbours together."""
        rows = torch.arange(len(self._mask), device=self._mask.device).repeat_interleave(times)
        self._past.select(rows)
        self._mask = self._mask[rows]
