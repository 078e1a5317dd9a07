"""Muon: momentum made orthogonal, for the matrices between hidden layers (Jordan et al. 2024, kellerjordan.github.io).

PyTorch has one too, whose iteration is in bf16 whatever the processor: emulated, that takes three times as long as the
whole of a compact model's pass. Ours computes in float32 where there are no bf16 instructions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from cistrace.towers.precision import has_bf16

MOMENTUM = 0.95
ITERATIONS = 5
COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic that Jordan et al. chose for its slope at zero
SMALLEST = 1e-7  # norm, below which there is nothing to turn


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalised, with decoupled weight decay.

    Parameters
    ----------
    params : iterable of Tensor
        Matrices, shape (out, in) each.
    lr, weight_decay : float
        A matrix with more rows than columns is moved by sqrt(rows / columns) as much.
    """

    def __init__(self, params: Iterable[Tensor], lr: float, weight_decay: float) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Apply the gradients of those that have one."""
        assert closure is None
        for group in self.param_groups:
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                state = self.state[matrix]
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = torch.zeros_like(matrix.grad)
                momentum = state["momentum_buffer"]
                momentum.lerp_(matrix.grad, 1 - MOMENTUM)
                turned = orthogonalised(matrix.grad.lerp(momentum, MOMENTUM))
                matrix.mul_(1 - group["lr"] * group["weight_decay"])
                rows, columns = matrix.shape
                matrix.add_(turned, alpha=-group["lr"] * math.sqrt(max(1.0, rows / columns)))


def orthogonalised(matrix: Tensor) -> Tensor:
    """A matrix of the same singular vectors, whose singular values lie about 1 (0.6 to 1.2), by Newton-Schulz
    iteration.

    Parameters
    ----------
    matrix : tensor, shape (out, in)

    Returns
    -------
    tensor, shape (out, in), of the same type
    """
    a, b, c = COEFFICIENTS
    wide = matrix.T if len(matrix) > matrix.shape[1] else matrix
    x = wide.bfloat16() if has_bf16(matrix.device) else wide.float()
    x = x / x.norm().clamp(min=SMALLEST)
    for _ in range(ITERATIONS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if wide is not matrix else x).to(matrix.dtype)
