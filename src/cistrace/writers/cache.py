"""A key-value cache with room set aside, so that a token costs one write and not a copy of the past."""

from __future__ import annotations

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

ROOM = 64  # positions set aside at a time


class RoomyLayer(DynamicLayer):
    """Keys and values (N, heads, length, head size), views of buffers that are longer than they."""

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: object, **kwargs: object
    ) -> tuple[Tensor, Tensor]:
        """Append along the length and return all keys and values so far."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self.keys = key_states[:, :, :0]
            self.values = value_states[:, :, :0]
            self.room: tuple[Tensor, Tensor] | None = None
        assert self.keys is not None and self.values is not None
        begin, end = self.keys.shape[2], self.keys.shape[2] + key_states.shape[2]
        if self.room is None or self.room[0].shape[2] < end or self.room[0].shape[0] != self.keys.shape[0]:
            self.room = (_grown(self.keys, end + ROOM), _grown(self.values, end + ROOM))
        for buffer, states in zip(self.room, (key_states, value_states), strict=True):
            buffer[:, :, begin:end] = states
        self.keys, self.values = self.room[0][:, :, :end], self.room[1][:, :, :end]
        return self.keys, self.values


def _grown(states: Tensor, length: int) -> Tensor:
    buffer = states.new_zeros((*states.shape[:2], length, states.shape[3]))
    buffer[:, :, : states.shape[2]] = states
    return buffer


def roomy_cache() -> DynamicCache:
    """An empty cache of RoomyLayer for any number of layers."""
    cache = DynamicCache()
    cache.layer_class_to_replicate = RoomyLayer
    return cache


def crop(cache: DynamicCache, length: int) -> None:
    """Forget what lies behind the first `length` positions."""
    for layer in cache.layers:
        if isinstance(layer, RoomyLayer) and layer.keys is not None and layer.values is not None:
            layer.keys, layer.values = layer.keys[:, :, :length], layer.values[:, :, :length]


def select_rows(cache: DynamicCache, rows: Tensor) -> None:
    """Keep the given rows of the batch, in that order (also used to drop finished rows)."""
    for layer in cache.layers:
        if isinstance(layer, RoomyLayer) and layer.keys is not None and layer.values is not None:
            layer.keys, layer.values = layer.keys[rows], layer.values[rows]
            layer.room = None


def repeat_rows(cache: DynamicCache, times: int) -> None:
    """Repeat every row of the batch `times` times, neighbours together."""
    first = cache.layers[0]
    assert isinstance(first, RoomyLayer) and first.keys is not None
    select_rows(cache, torch.arange(len(first.keys)).repeat_interleave(times))
