"""LegNet (Penzar et al., Bioinformatics 2023), the sequence CNN of the study whose measurements cistrace is fit to.

Every stage widens its input by an inverted bottleneck (depthwise convolution, gate) laid beside it, then a
full convolution and pooling; the first stage works at full resolution. Written from the article's description;
ours has one head for all cell types, and Muon fits its matrices.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cistrace.towers.tower import Gate, NormedConvolution, Tower


@dataclass(frozen=True)
class LegNetConfig:
    """Shape of a LegNet. Widths and `window` in bp; `channels` a stage, `expansion` within its bottleneck."""

    cell_types: tuple[str, ...]
    window: int = 200
    stem_channels: int = 64
    stem_width: int = 11
    channels: tuple[int, ...] = (80, 96, 112, 128)
    width: int = 9
    expansion: int = 4
    top: int = 256
    dropout: float = 0.1


class Bottleneck(nn.Module):
    """Expand, convolve each channel by itself, gate, contract; the result beside the input: twice the channels."""

    def __init__(self, channels: int, width: int, expansion: int) -> None:
        super().__init__()
        inner = channels * expansion
        self.body = nn.Sequential(
            NormedConvolution(channels, inner, 1),
            NormedConvolution(inner, inner, width, groups=inner),
            Gate(inner, channels),
            NormedConvolution(inner, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.body(x)], dim=1)


class LegNet(Tower):
    """See `Tower`."""

    def __init__(self, config: LegNetConfig) -> None:
        super().__init__(config.cell_types, config.window)
        self.config = config
        self.stem = NormedConvolution(4, config.stem_channels, config.stem_width)
        stages: list[nn.Module] = []
        channels = config.stem_channels
        for outputs in config.channels:
            stages += [
                Bottleneck(channels, config.width, config.expansion),
                NormedConvolution(2 * channels, outputs, config.width),
                nn.MaxPool2d((1, 2)),
            ]
            channels = outputs
        self.stages = nn.Sequential(*stages)
        self.top = NormedConvolution(channels, config.top, 1)
        self.head = nn.Sequential(
            nn.Linear(config.top, config.top),
            nn.BatchNorm1d(config.top),
            nn.SiLU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.top, len(config.cell_types)),
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def embed(self, image: Tensor) -> Tensor:
        return self.head[:-1](self.top(self.stages(self.stem(image))).mean(dim=(2, 3)))

    def edges(self) -> list[nn.Parameter]:
        depthwise = [m.weight for m in self.modules() if isinstance(m, nn.Conv2d) and m.groups > 1]
        return [self.stem[0].weight, self.head[-1].weight, *depthwise]  # type: ignore[list-item,union-attr]
