"""Prompts and texts of unlike length as batches of tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def batches_by_length(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Places of prompts to read together, longest first: padded, at most `budget` tokens, and at least one prompt."""
    order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    while order:
        size = max(1, budget // max(1, lengths[order[0]]))
        yield order[:size]
        order = order[size:]


def padded(rows: Sequence[NDArray[np.int32] | Sequence[int]], pad: int, left: bool) -> tuple[Tensor, Tensor]:
    """Rows of tokens as one batch.

    Returns
    -------
    ids, mask : int64 tensors, shape (N, longest)
        `pad` and 0 where a row is filled up, before its tokens (`left`) or behind them.
    """
    shape = (len(rows), max(map(len, rows)))
    ids, mask = np.full(shape, pad, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for at, row in enumerate(rows):
        taken = slice(shape[1] - len(row), None) if left else slice(len(row))
        ids[at, taken], mask[at, taken] = row, 1
    return torch.from_numpy(ids), torch.from_numpy(mask)
