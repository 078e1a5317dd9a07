"""Muon for a model's inner matrices, AdamW for everything else, both on one schedule.

Muon (orthogonalised momentum, Jordan et al. 2024) learns these small models in fewer steps than AdamW alone
(docs/experiments.md). It is made for matrices between hidden layers: embeddings, first and last
layers, biases and normalisations stay with AdamW.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cistrace.towers.muon import Muon

LAST_SHARE = 0.02  # of the highest rate, at the last step


@dataclass(frozen=True)
class Rates:
    """Highest learning rates of both kinds of weights, and their weight decay."""

    matrices: float
    rest: float
    weight_decay: float


class MuonAdamW(torch.optim.Optimizer):
    """Muon and AdamW as one optimizer: a schedule that sets its groups' rates sets both.

    Parameters
    ----------
    model : Module
        Convolutions must lie channels-last: Muon fits them as matrices in the same memory.
    edges : collection of Parameter
        Matrices of `model` that AdamW fits all the same: its embeddings, first and last layers.
    rates : Rates
    """

    def __init__(self, model: nn.Module, edges: Collection[object], rates: Rates) -> None:
        outer = {id(weight) for weight in edges}
        inner = [weight for weight in model.parameters() if weight.ndim >= 2 and id(weight) not in outer]
        known = {id(weight) for weight in inner}
        rest = [weight for weight in model.parameters() if id(weight) not in known]
        matrices = [weight if weight.ndim == 2 else as_matrix(weight.detach()) for weight in inner]
        self._convolutions = [pair for pair in zip(matrices, inner, strict=True) if pair[0] is not pair[1]]
        self._each: dict[str, torch.optim.Optimizer] = {
            "muon": Muon(matrices, lr=rates.matrices, weight_decay=rates.weight_decay),
            "adamw": torch.optim.AdamW(
                rest, lr=rates.rest, weight_decay=rates.weight_decay, betas=(0.9, 0.98), fused=True
            ),
        }
        super().__init__([*matrices, *rest], {})
        self._take_groups()

    def _take_groups(self) -> None:
        self.param_groups = [group for optimizer in self._each.values() for group in optimizer.param_groups]

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Apply the gradients."""
        assert closure is None
        for matrix, weight in self._convolutions:
            assert weight.grad is not None  # every convolution takes part in every output
            matrix.grad = as_matrix(weight.grad)
        for optimizer in self._each.values():
            optimizer.step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        super().zero_grad(set_to_none)
        for _, weight in self._convolutions:
            weight.grad = None

    def state_dict(self) -> dict[str, Any]:  # type: ignore[override]
        return {name: optimizer.state_dict() for name, optimizer in self._each.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:  # type: ignore[override]
        for name, optimizer in self._each.items():
            optimizer.load_state_dict(state_dict[name])
            _lay_out_alike(optimizer)
        self._take_groups()

    def tensors(self) -> dict[str, Tensor]:
        """All that the next step depends on but weights, gradients and rates, by a name of its own."""
        return {
            f"{kind}.{place}.{name}": value
            for kind, optimizer in self._each.items()
            for place, values in optimizer.state_dict()["state"].items()
            for name, value in values.items()
        }

    def load_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Take up what `tensors` gave; rates stay as they are."""
        whole = self.state_dict()
        for kind in self._each:
            whole[kind]["state"] = {}
        for key, value in tensors.items():
            kind, place, name = key.split(".", 2)
            whole[kind]["state"].setdefault(int(place), {})[name] = value
        self.load_state_dict(whole)


def _lay_out_alike(optimizer: torch.optim.Optimizer) -> None:
    """Lay a restored state out in memory as its weights lie, as the fused kernel takes for granted."""
    for weight, values in optimizer.state.items():
        for name, value in values.items():
            if value.shape == weight.shape:
                values[name] = torch.empty_like(weight, dtype=value.dtype).copy_(value)


def as_matrix(weight: Tensor) -> Tensor:
    """A matrix (out, in) as it is; a convolution (out, in, 1, width) as (out, width x in).

    The result shares the convolution's memory, which therefore must lie channels-last.
    """
    return weight if weight.ndim == 2 else weight.permute(0, 2, 3, 1).view(len(weight), -1)


def warm_cosine(step: int, steps: int, warm: float) -> float:
    """Share of the highest rate at a step: linear up over `warm` of the steps, then a cosine down to LAST_SHARE."""
    rising = max(1, round(warm * steps))
    if step < rising:
        return (step + 1) / rising
    progress = min(1.0, (step - rising) / max(1, steps - rising))
    return LAST_SHARE + (1 - LAST_SHARE) * 0.5 * (1 + math.cos(math.pi * progress))
