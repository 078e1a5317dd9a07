"""Muon for a model's inner matrices, AdamW for everything else, both on one schedule.

Muon (orthogonalised momentum, Jordan et al. 2024) learns these small models in fewer steps than AdamW alone
(docs/experiments.md). It is made for matrices between hidden layers: embeddings, first and last
layers, biases and normalisations stay with AdamW.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

LAST_SHARE = 0.02  # of the highest rate, at the last step


@dataclass(frozen=True)
class Rates:
    """Highest learning rates, weight decay of both kinds, and the share of the steps spent warming up."""

    matrices: float
    rest: float
    weight_decay: float
    warm: float


class Optimizers:
    """The two optimizers of a model.

    Parameters
    ----------
    model : Module
    edges : collection of Tensor
        Matrices of `model` that AdamW fits all the same: its embeddings, first and last layers.
    rates : Rates
    steps : int
        How many times `step` will be called.
    """

    def __init__(self, model: nn.Module, edges: Collection[object], rates: Rates, steps: int) -> None:
        outer = {id(weight) for weight in edges}
        self._weights = [p for p in model.parameters() if p.ndim >= 2 and id(p) not in outer]
        inner = {id(weight) for weight in self._weights}
        rest = [p for p in model.parameters() if id(p) not in inner]
        self._matrices = [as_matrix(weight.detach()) for weight in self._weights]
        self._each = (
            torch.optim.Muon(self._matrices, lr=rates.matrices, weight_decay=rates.weight_decay),
            torch.optim.AdamW(rest, lr=rates.rest, weight_decay=rates.weight_decay, betas=(0.9, 0.98), fused=True),
        )
        self._schedules = [
            torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: share(step, steps, rates.warm))
            for optimizer in self._each
        ]

    def step(self) -> None:
        """Apply the gradients, then forget them."""
        for matrix, weight in zip(self._matrices, self._weights):
            assert weight.grad is not None  # every inner matrix takes part in every output
            matrix.grad = as_matrix(weight.grad)
        for optimizer, schedule in zip(self._each, self._schedules):
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
        for weight in self._weights:
            weight.grad = None

    def state(self) -> dict[str, Tensor]:
        """All that the next step depends on but weights, gradients and the number of steps, by a name of its own."""
        return {
            f"{kind}.{place}.{name}": value
            for kind, optimizer in enumerate(self._each)
            for place, values in optimizer.state_dict()["state"].items()
            for name, value in values.items()
        }

    def restore(self, state: dict[str, Tensor], steps: int) -> None:
        """Go on after `steps` steps, from what `state` gave."""
        for kind, (optimizer, schedule) in enumerate(zip(self._each, self._schedules)):
            places: dict[int, dict[str, Tensor]] = {}
            for key, value in state.items():
                which, place, name = key.split(".", 2)
                if int(which) == kind:
                    places.setdefault(int(place), {})[name] = value
            optimizer.load_state_dict({**optimizer.state_dict(), "state": places})
            _lay_out_alike(optimizer)
            schedule.last_epoch = steps
            for group, highest in zip(optimizer.param_groups, schedule.base_lrs):
                group["lr"] = highest * schedule.lr_lambdas[0](steps)


class MuonAdamW(torch.optim.Optimizer):
    """The same pair as one optimizer, for trainers that keep one and its schedule.

    Parameters
    ----------
    matrices, rest : list of Parameter
        Two-dimensional inner weights, and all others.
    """

    def __init__(
        self, matrices: list[nn.Parameter], rest: list[nn.Parameter], matrix_rate: float, rate: float, decay: float
    ) -> None:
        self._each: tuple[torch.optim.Optimizer, ...] = (
            torch.optim.Muon(matrices, lr=matrix_rate, weight_decay=decay),
            torch.optim.AdamW(rest, lr=rate, weight_decay=decay, betas=(0.9, 0.98), fused=True),
        )
        super().__init__([*matrices, *rest], {})
        self._share()

    def _share(self) -> None:
        """Both optimizers' groups are this one's: a schedule that sets a rate here sets it there."""
        self.param_groups = [group for optimizer in self._each for group in optimizer.param_groups]

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Apply the gradients."""
        assert closure is None
        for optimizer in self._each:
            optimizer.step()

    def state_dict(self) -> dict[str, Any]:  # type: ignore[override]
        return {name: optimizer.state_dict() for name, optimizer in zip(("muon", "adamw"), self._each)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:  # type: ignore[override]
        for name, optimizer in zip(("muon", "adamw"), self._each):
            optimizer.load_state_dict(state_dict[name])
        self._share()


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


def share(step: int, steps: int, warm: float) -> float:
    """Share of the highest rate at a step: linear up, then a cosine down to LAST_SHARE."""
    rising = max(1, round(warm * steps))
    if step < rising:
        return (step + 1) / rising
    progress = min(1.0, (step - rising) / max(1, steps - rising))
    return LAST_SHARE + (1 - LAST_SHARE) * 0.5 * (1 + math.cos(math.pi * progress))
