"""Keys and values of what a decoder has read, with room set aside, so that a token costs one write and no copy."""

from __future__ import annotations

import torch
from torch import Tensor

ROOM = 64  # places set aside at a time


class Past:
    """Keys and values of every layer, in one buffer (layers, 2, rows, heads, places, head size) with room behind."""

    def __init__(self, layers: int, rows: int, heads: int, head_size: int, device: torch.device) -> None:
        self._buffer = torch.zeros((layers, 2, rows, heads, 0, head_size), device=device)
        self.length = 0

    def lengthen(self, places: int) -> None:
        """Make room for so many more places, which `add` fills in every layer."""
        self.length += places
        short = self.length - self._buffer.shape[4]
        if short > 0:
            room = self._buffer.new_zeros((*self._buffer.shape[:4], short + ROOM, self._buffer.shape[5]))
            self._buffer = torch.cat([self._buffer, room], dim=4)

    def add(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Fill the last places, (rows, heads, places, head size) each; all keys and values of the layer so far."""
        begin = self.length - keys.shape[2]
        self._buffer[layer, 0, :, :, begin : self.length] = keys
        self._buffer[layer, 1, :, :, begin : self.length] = values
        both = self._buffer[layer, :, :, :, : self.length]
        return both[0], both[1]

    def crop(self, length: int) -> None:
        """Forget what lies behind the first `length` places."""
        self.length = length

    def select(self, rows: Tensor) -> None:
        """Go on with the given rows, int64 (M,), in that order; a row may come more than once."""
        self._buffer = self._buffer[:, :, rows]
