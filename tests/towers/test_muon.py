"""Against PyTorch's own, whose iteration is in bf16, and against what the iteration is for."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from cistrace.towers import muon
from cistrace.towers.muon import Muon, orthogonalised

SHAPES = [(8, 8), (6, 20), (24, 10), (1, 7), (7, 1)]
BF16 = [False, True]


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(params=BF16, ids=["float32", "bf16"])
def bf16(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """On processors with and without bf16 instructions."""
    monkeypatch.setattr(muon, "has_bf16", lambda device: request.param)
    return bool(request.param)


def steps(make, matrix: Tensor, count: int) -> Tensor:  # type: ignore[no-untyped-def]
    weight = torch.nn.Parameter(matrix.clone())
    optimizer = make([weight])
    for step in range(count):
        weight.grad = normal(*matrix.shape, seed=step + 1)
        optimizer.step()
    return weight.detach()


@pytest.mark.parametrize("shape", SHAPES)
def test_it_steps_as_pytorchs_within_the_rounding_of_bf16(shape: tuple[int, int], bf16: bool) -> None:
    """Momentum, its blend with the gradient, decay and the rate by shape, over steps of changing gradients."""
    rate, decay, count = 0.02, 0.1, 6
    ours = steps(lambda weights: Muon(weights, lr=rate, weight_decay=decay), normal(*shape), count)
    theirs = steps(lambda weights: torch.optim.Muon(weights, lr=rate, weight_decay=decay), normal(*shape), count)
    moved = rate * count * math.sqrt(max(1.0, shape[0] / shape[1]))
    assert (ours - theirs).abs().max() <= 0.02 * moved
    assert (ours - normal(*shape)).abs().max() > 0.1 * moved / math.sqrt(max(shape))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_update_has_the_gradients_vectors_and_singular_values_about_one(shape: tuple[int, int], bf16: bool) -> None:
    gradient = normal(*shape) * 1e-3
    found = orthogonalised(gradient)
    assert found.shape == gradient.shape and found.dtype == gradient.dtype
    left, _, right = torch.linalg.svd(gradient, full_matrices=False)
    turned = left.T @ found @ right.T
    values = turned.diagonal()
    slack = 0.05 if bf16 else 0.0
    assert values.min() >= 0.6 - slack and values.max() <= 1.25 + slack
    assert (turned - values.diag()).abs().max() < (0.05 if bf16 else 1e-4)


def test_in_float32_it_is_the_quintic_of_each_singular_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a second way: singular values of the scaled matrix, each put five times through the polynomial."""
    monkeypatch.setattr(muon, "has_bf16", lambda device: False)
    gradient = normal(9, 14)
    left, values, right = torch.linalg.svd(gradient.double() / gradient.double().norm(), full_matrices=False)
    a, b, c = muon.COEFFICIENTS
    for _ in range(muon.ITERATIONS):
        values = a * values + b * values**3 + c * values**5
    expected = left @ values.diag() @ right
    torch.testing.assert_close(orthogonalised(gradient).double(), expected, atol=2e-5, rtol=0)


def test_without_bf16_instructions_nothing_is_rounded_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    gradient = normal(12, 30)
    found = {}
    for has in BF16:
        monkeypatch.setattr(muon, "has_bf16", lambda device, has=has: has)
        found[has] = orthogonalised(gradient)
    assert torch.equal(found[True], found[True].bfloat16().float())
    assert not torch.equal(found[False], found[False].bfloat16().float())
    assert 0 < (found[True] - found[False]).abs().max() < 0.05


@given(scale=st.floats(1e-4, 1e4), seed=st.integers(0, 99))
def test_the_size_of_a_gradient_does_not_count(scale: float, seed: int) -> None:
    gradient = normal(5, 9, seed=seed)
    torch.testing.assert_close(orthogonalised(gradient * scale), orthogonalised(gradient), atol=0.02, rtol=0.02)


def test_a_tall_matrix_is_turned_as_its_transpose(bf16: bool) -> None:
    gradient = normal(20, 6)
    assert torch.equal(orthogonalised(gradient), orthogonalised(gradient.T).T)


def test_where_there_is_no_gradient_nothing_moves_and_nothing_is_not_a_number(bf16: bool) -> None:
    """A gradient of zero leaves the decay alone; none leaves the weight as it is."""
    weight, other = (torch.nn.Parameter(normal(4, 6)) for _ in range(2))
    optimizer = Muon([weight, other], lr=0.5, weight_decay=0.1)
    weight.grad = torch.zeros_like(weight)
    optimizer.step()
    torch.testing.assert_close(weight.detach(), normal(4, 6) * (1 - 0.05))
    assert torch.equal(other.detach(), normal(4, 6))
    assert torch.equal(orthogonalised(torch.zeros(3, 5)), torch.zeros(3, 5))


def test_it_goes_on_where_its_state_was_kept() -> None:
    made = lambda weights: Muon(weights, lr=0.02, weight_decay=0.1)  # noqa: E731
    whole = steps(made, normal(6, 9), 5)
    weight = torch.nn.Parameter(normal(6, 9))
    optimizer = made([weight])
    for step in range(5):
        if step == 3:
            kept, again = optimizer.state_dict(), made([weight])
            again.load_state_dict(kept)
            optimizer = again
        weight.grad = normal(6, 9, seed=step + 1)
        optimizer.step()
    assert torch.equal(weight.detach(), whole)
