"""The objective as a differentiable function of one-hot DNA."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor, nn

from cistrace.errors import ModelError
from cistrace.reward.objective import Objective
from cistrace.towers.encoding import reverse_complement
from cistrace.towers.tower import Tower


class RewardModule(nn.Module):
    """DNA (N, 4, L), channels ACGT, to objectives (N,): hard or soft one-hot, gradients with respect to it.

    DNA may be of any type of numbers or bool; objectives are of the weights' type, float32 unless cast.
    Activities are the mean of both strands, as `Reward` has them; L may be anything up to the tower's window, in which
    DNA then stands in the middle of blanks. Weights are frozen, and `train()` leaves the tower in evaluation mode.

    Parameters
    ----------
    tower : Tower
        Frozen and put into evaluation mode.
    objective : Objective
        Over the tower's cell types.
    column : bool
        Gives (N, 1) instead of (N,), as tools expect that pick one of several outputs.
    """

    def __init__(self, tower: Tower, objective: Objective, column: bool = False) -> None:
        super().__init__()
        self.tower = tower.requires_grad_(False).eval()
        self.objective = objective
        self.column = column

    def forward(self, x: Tensor) -> Tensor:
        """Objectives of DNA.

        Raises
        ------
        ModelError
            Another shape, or more bp than the window.
        """
        if x.ndim != 3 or x.shape[1] != 4 or not 1 <= x.shape[2] <= self.tower.window:
            raise ModelError(
                f"reward module: found shape {tuple(x.shape)}, expected (N, 4, L) with L at most {self.tower.window}"
            )
        spare = self.tower.window - x.shape[2]
        padded = nn.functional.pad(x.to(next(self.tower.parameters()).dtype), (spare // 2, spare - spare // 2))
        both = self.tower(torch.cat([padded, reverse_complement(padded)]))
        values = self.objective.of(both.unflatten(0, (2, len(x))).mean(dim=0))
        return values[:, None] if self.column else values

    def train(self, mode: bool = True) -> Self:
        """Sets the mode of all but the tower."""
        super().train(mode)
        self.tower.eval()
        return self
