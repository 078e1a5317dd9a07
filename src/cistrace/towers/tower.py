"""A tower: a sequence CNN from one-hot DNA to log2(RNA/DNA) in every cell type at once.

Tensors carry a height of one and lie channels-last, which on CPUs is about 1.6 times as fast as 1-d layers.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from cistrace.errors import ModelError


class NormedConvolution(nn.Sequential):
    """Convolution, batch normalisation, SiLU. `width` in positions; `groups`, `dilation` as in torch's convolutions."""

    def __init__(self, inputs: int, outputs: int, width: int, groups: int = 1, dilation: int = 1) -> None:
        convolution = nn.Conv2d(
            inputs, outputs, (1, width), padding="same", bias=False, groups=groups, dilation=(1, dilation)
        )
        super().__init__(convolution, nn.BatchNorm2d(outputs), nn.SiLU())

    def fuse(self) -> None:
        """Fold the normalisation, in evaluation mode, into the convolution, whose output SiLU then overwrites."""
        self[0] = fuse_conv_bn_eval(self[0], self[1])  # type: ignore[type-var,arg-type]
        self[1] = nn.Identity()
        self[2] = nn.SiLU(inplace=True)


class Gate(nn.Module):
    """Scale every channel by what all positions say of it (squeeze and excitation, Hu et al. 2018)."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, hidden)
        self.excite = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.excite(nn.functional.silu(self.squeeze(x.mean(dim=(2, 3))))).sigmoid()
        return x * gate[:, :, None, None]


class Tower(nn.Module, ABC):
    """One-hot DNA (N, 4, window) float32, channels ACGT -> (N, cell types) float32, log2(RNA/DNA).

    `window` is the input length in bp; `cell_types` names the outputs in order.
    """

    location: Tensor
    scale: Tensor
    head: nn.Sequential

    def __init__(self, cell_types: tuple[str, ...], window: int) -> None:
        super().__init__()
        self.cell_types = cell_types
        self.window = window
        # Targets are standardised for training; the inverse is part of the weights.
        self.register_buffer("location", torch.zeros(len(cell_types)))
        self.register_buffer("scale", torch.ones(len(cell_types)))

    @abstractmethod
    def embed(self, image: Tensor) -> Tensor:
        """What the head's last layer reads of one-hot images (N, 4, 1, window), channels last: (N, features)."""

    @abstractmethod
    def edges(self) -> list[nn.Parameter]:
        """Weights with two or more dimensions that no matrix optimizer should fit: first, last, depthwise."""

    @property
    def feature_count(self) -> int:
        """How many numbers the last layer reads."""
        last = self.head[-1]
        assert isinstance(last, nn.Linear)
        return last.in_features

    def standardised(self, one_hot: Tensor) -> Tensor:
        """Outputs before `location` and `scale` are put back: what training fits."""
        return self._last(self.features_of(one_hot))

    def features_of(self, one_hot: Tensor) -> Tensor:
        """What the last layer reads of one-hot DNA (N, 4, window): float32 (N, features)."""
        return self.embed(image_of(one_hot))

    def activities_of(self, features: Tensor) -> Tensor:
        """What `forward` makes of DNA whose `features_of` are these: (N, cell types), log2(RNA/DNA)."""
        return self._last(features).float() * self.scale + self.location

    def _last(self, features: Tensor) -> Tensor:
        return self.head[-1](features)  # type: ignore[no-any-return]

    def forward(self, one_hot: Tensor) -> Tensor:
        return self.activities_of(self.features_of(one_hot))


def image_of(one_hot: Tensor) -> Tensor:
    """One-hot DNA (N, 4, length) as layers take it: (N, 4, 1, length), channels last.

    Raises
    ------
    ModelError
        Another shape.
    """
    if one_hot.ndim != 3 or one_hot.shape[1] != 4:
        raise ModelError(f"tower input: found shape {tuple(one_hot.shape)}, expected (N, 4, length)")
    return one_hot.unsqueeze(2).contiguous(memory_format=torch.channels_last)


def fused(tower: Tower) -> Tower:
    """A copy for inference whose normalisations are folded into the convolutions: same outputs, faster."""
    quick = copy.deepcopy(tower).eval()
    for module in list(quick.modules()):
        if isinstance(module, NormedConvolution):
            module.fuse()
    quick.requires_grad_(False)
    return quick.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]
