"""The light tower: a stem, residual stages that each halve the length, mean and max over positions.

It pools right after its stem, so a pass costs half of LegNet's: it answers what every hit is worth, a
dozen passes a sequence.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cistrace.towers.tower import Gate, NormedConvolution, Tower


@dataclass(frozen=True)
class ResidualConfig:
    """Shape of a residual tower. Widths and `window` in bp."""

    cell_types: tuple[str, ...]
    window: int = 200
    channels: int = 192
    stem_width: int = 11
    width: int = 5
    stages: int = 4
    dropout: float = 0.1


class ResidualBlock(nn.Module):
    """Convolution and gate, added to the input."""

    def __init__(self, channels: int, width: int, dropout: float) -> None:
        super().__init__()
        self.convolution = NormedConvolution(channels, channels, width)
        self.gate = Gate(channels, channels // 4)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.dropout(self.gate(self.convolution(x)))


class ResidualTower(Tower):
    """See `Tower`."""

    def __init__(self, config: ResidualConfig) -> None:
        super().__init__(config.cell_types, config.window)
        self.config = config
        channels = config.channels
        self.stem = NormedConvolution(4, channels, config.stem_width)
        stages: list[nn.Module] = [nn.MaxPool2d((1, 2))]
        for _ in range(config.stages):
            stages += [ResidualBlock(channels, config.width, config.dropout), nn.MaxPool2d((1, 2))]
        self.stages = nn.Sequential(*stages)
        self.head = nn.Sequential(
            nn.Linear(2 * channels, channels),
            nn.SiLU(),
            nn.Dropout(config.dropout),
            nn.Linear(channels, len(config.cell_types)),
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def embed(self, image: Tensor) -> Tensor:
        hidden = self.stages(self.stem(image))
        return self.head[:-1](torch.cat([hidden.mean(dim=(2, 3)), hidden.amax(dim=(2, 3))], dim=1))

    def edges(self) -> list[nn.Parameter]:
        return [self.stem[0].weight, self.head[-1].weight]  # type: ignore[list-item,union-attr]
