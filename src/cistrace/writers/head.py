"""The regression head: LayerNorm and a linear map on one token's hidden state, beside the towers' outputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Head(nn.Module):
    """(N, hidden) float32 and (N, towers' features) float32 -> (N,) float32, standardised activity.

    The features are the towers' standardised activity in the prompt's cell type and its mean over all
    cell types. The hidden part starts at zero: before training the head repeats the tower.
    """

    def __init__(self, hidden: int, features: int = 2) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden, eps=1e-5)
        self.linear = nn.Linear(hidden, 1)
        self.tower = nn.Linear(features, 1, bias=False)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        with torch.no_grad():
            self.tower.weight.copy_(torch.tensor([[1.0] + [0.0] * (features - 1)]))

    def forward(self, hidden: Tensor, features: Tensor) -> Tensor:
        """Scores (N,) of hidden states and features."""
        return (self.linear(self.norm(hidden)) + self.tower(features)).squeeze(-1)
