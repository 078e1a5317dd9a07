"""The towers' part of what a head reads."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cistrace.checkpoints.load import Checkpoint


def head_inputs(estimates: NDArray[np.float32], checkpoint: Checkpoint) -> Tensor:
    """The towers' standardised activity in each cell type, and its mean over all; zeros for a model without towers.

    Parameters
    ----------
    estimates : ndarray, float32, shape (N, cell types)
        Activities, log2(RNA/DNA).

    Returns
    -------
    float32 tensor, shape (N, cell types, 2)
    """
    if checkpoint.towers is None:
        return torch.zeros((*estimates.shape, 2))
    scales = checkpoint.scales.values()
    standard = (estimates - [scale.location for scale in scales]) / [scale.spread for scale in scales]
    mean = np.broadcast_to(standard.mean(axis=1, keepdims=True), standard.shape)
    return torch.as_tensor(np.stack([standard, mean], axis=2), dtype=torch.float32)
