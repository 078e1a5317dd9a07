"""The gradient of an objective at designs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cistrace.io.codes import Codes

ROWS = 32  # in every pass, the last filled up: a row's gradient then cannot depend on its neighbours

Gradients = Callable[[Codes], NDArray[np.float32]]
"""Codes, uint8 (N, length), to gradients, float32 (N, 4, length), channels ACGT."""


def gradients_of(module: Callable[[Tensor], Tensor]) -> Gradients:
    """Gradients of what gives one number a sequence, such as `Reward.module()`."""

    def gradients(codes: Codes) -> NDArray[np.float32]:
        parts = [np.zeros((0, 4, codes.shape[1]), dtype=np.float32)]
        for first in range(0, len(codes), ROWS):
            block = codes[first : first + ROWS]
            filled = np.zeros((ROWS, codes.shape[1]), dtype=np.int64)
            filled[: len(block)] = block
            hot = torch.eye(4)[torch.from_numpy(filled)].transpose(1, 2).contiguous().requires_grad_(True)
            (gradient,) = torch.autograd.grad(module(hot).sum(), hot)
            parts.append(gradient[: len(block)].numpy())
        return np.concatenate(parts)

    return gradients
