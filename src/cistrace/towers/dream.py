"""A CNN in the manner of DREAM-CNN, the convolutional baseline of the Random Promoter DREAM Challenge (Rafi et al.,
Nature Biotechnology 2025): a first layer of two widths side by side, a core of LegNet's inverted bottlenecks at full
resolution throughout, and the mean over positions.

Written anew, at the channels and widths of the challenge's published model, with one head for all cell types in the
place of its bins of expression.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from cistrace.towers.tower import Gate, NormedConvolution, Tower

PER_GROUP = 2  # channels that a grouped convolution of the core sees together
FIRST_DROPOUT = 0.2


@dataclass(frozen=True)
class DreamConfig:
    """Shape of a DREAM-style CNN. Widths and `window` in bp; `first` channels are shared out among `first_widths`."""

    cell_types: tuple[str, ...]
    window: int = 200
    first: int = 320
    first_widths: tuple[int, ...] = (9, 15)
    channels: tuple[int, ...] = (128, 128, 64, 64, 64, 64)
    width: int = 7
    expansion: int = 4
    top: int = 256
    dropout: float = 0.1


class SideBySide(nn.Module):
    """Convolutions of several widths, their channels one after another."""

    def __init__(self, channels: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        each = channels // len(widths)
        self.branches = nn.ModuleList(nn.Conv2d(4, each, (1, width), padding="same") for width in widths)
        self.dropout = nn.Dropout(FIRST_DROPOUT)

    def forward(self, image: Tensor) -> Tensor:
        return self.dropout(torch.cat([branch(image) for branch in self.branches], dim=1).relu())


class CoreStage(nn.Module):
    """An inverted bottleneck laid beside its input, then a full convolution to `outputs` channels; no pooling."""

    def __init__(self, inputs: int, outputs: int, width: int, expansion: int) -> None:
        super().__init__()
        inner = outputs * expansion
        self.body = nn.Sequential(
            NormedConvolution(inputs, inner, 1),
            NormedConvolution(inner, inner, width, groups=inner // PER_GROUP),
            Gate(inner, max(1, inputs // 4)),
            NormedConvolution(inner, inputs, 1),
        )
        self.resize = NormedConvolution(2 * inputs, outputs, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.resize(torch.cat([x, self.body(x)], dim=1))  # type: ignore[no-any-return]


class DreamTower(Tower):
    """See `Tower`."""

    def __init__(self, config: DreamConfig) -> None:
        super().__init__(config.cell_types, config.window)
        self.config = config
        self.first = SideBySide(config.first, config.first_widths)
        sizes = (config.first, *config.channels)
        self.core = nn.Sequential(
            *(CoreStage(one, two, config.width, config.expansion) for one, two in pairwise(sizes))
        )
        self.top = nn.Conv2d(sizes[-1], config.top, 1)
        self.head = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(config.top, len(config.cell_types)))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def embed(self, image: Tensor) -> Tensor:
        return self.head[:-1](self.top(self.core(self.first(image))).mean(dim=(2, 3)))

    def edges(self) -> list[nn.Parameter]:
        grouped = [m.weight for m in self.modules() if isinstance(m, nn.Conv2d) and m.groups > 1]
        first = [branch.weight for branch in self.first.branches]
        return [*first, self.head[-1].weight, *grouped]  # type: ignore[list-item]
