"""A reward as `model([sequence]) -> tensor`, and as gReLU's sequence transform."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cistrace.reward.reward import Reward


class TensorReward:
    """Rewards as a float32 tensor (N,): what optimisers call that ask `model([sequence])`. No gradients pass.

    Parameters
    ----------
    reward : Reward
    """

    def __init__(self, reward: Reward) -> None:
        self._reward = reward

    def __call__(self, sequences: Iterable[str]) -> Tensor:
        """Rewards of sequences.

        Raises
        ------
        InputError
            As `Reward`.
        """
        return torch.from_numpy(self._reward(sequences)).float()


class SequenceTransform:
    """A `seq_transform` for `grelu.design.evolve`: rewards (N,) that are added to what its own model predicts.

    gReLU asks for objects with `forward`, from a list of strings to an array with a number each.

    Parameters
    ----------
    reward : Reward
    weight : float
        That rewards are multiplied by.
    """

    def __init__(self, reward: Reward, weight: float = 1.0) -> None:
        self._reward, self._weight = reward, weight

    def forward(self, seqs: list[str]) -> NDArray[np.float64]:
        """Weighted rewards of sequences.

        Raises
        ------
        InputError
            As `Reward`.
        """
        return self._weight * self._reward(seqs)

    __call__ = forward
