"""The judge's kind of tower: dilated convolutions after one pooling, and attention that weighs positions at the end.

LegNet and the light tower halve the length from stage to stage and take means (and maxima) over positions; this one
keeps its resolution, sees far by dilation (as in Basenji, Kelley et al. 2018) and reads positions by learned weights:
what fools one kind need not fool the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cistrace.towers.tower import NormedConvolution, Tower


@dataclass(frozen=True)
class DilatedConfig:
    """Shape of a dilated tower. Widths, `pooled` and `window` in bp; `dilations` a block, in pooled positions."""

    cell_types: tuple[str, ...]
    window: int = 200
    channels: int = 128
    stem_width: int = 15
    width: int = 5
    pooled: int = 4
    dilations: tuple[int, ...] = (1, 2, 4, 8, 1, 2)
    heads: int = 8
    dropout: float = 0.1


class DilatedBlock(nn.Module):
    """A dilated convolution to twice the channels, one half gating the other by position; added to the input."""

    def __init__(self, channels: int, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.convolution = NormedConvolution(channels, 2 * channels, width, dilation=dilation)
        self.mix = nn.Conv2d(channels, channels, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.convolution(x).chunk(2, dim=1)
        return x + self.dropout(self.mix(value * gate.sigmoid()))


class AttentionPool(nn.Module):
    """Means over positions, each head's with weights of its own: (N, channels, 1, L) -> (N, channels)."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.weigh = nn.Conv2d(channels, heads, 1)
        self.value = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        weights = self.weigh(x).flatten(2).softmax(dim=2)
        values = self.value(x).flatten(2).unflatten(1, (self.heads, -1))
        return (values * weights[:, :, None, :]).sum(dim=3).flatten(1)


class DilatedTower(Tower):
    """See `Tower`."""

    def __init__(self, config: DilatedConfig) -> None:
        super().__init__(config.cell_types, config.window)
        self.config = config
        channels = config.channels
        self.stem = NormedConvolution(4, channels, config.stem_width)
        self.pool = nn.MaxPool2d((1, config.pooled))
        self.blocks = nn.Sequential(
            *(DilatedBlock(channels, config.width, dilation, config.dropout) for dilation in config.dilations)
        )
        self.attention = AttentionPool(channels, config.heads)
        self.head = nn.Sequential(
            nn.Linear(2 * channels, 2 * channels),
            nn.BatchNorm1d(2 * channels),
            nn.SiLU(),
            nn.Dropout(config.dropout),
            nn.Linear(2 * channels, len(config.cell_types)),
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def embed(self, image: Tensor) -> Tensor:
        hidden = self.blocks(self.pool(self.stem(image)))
        return self.head[:-1](torch.cat([self.attention(hidden), hidden.amax(dim=(2, 3))], dim=1))

    def edges(self) -> list[nn.Parameter]:
        return [self.stem[0].weight, self.attention.weigh.weight, self.head[-1].weight]  # type: ignore[list-item,union-attr]
