"""Which number format products are computed in."""

from __future__ import annotations

import pytest
import torch

from cistrace.towers.precision import fast_autocast, has_bf16, use_bf16
from cistrace.training.recipe import Recipe

CPU = torch.device("cpu")


def have(monkeypatch: pytest.MonkeyPatch, **capabilities: bool) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)


@pytest.mark.parametrize("instructions", ["amx_bf16", "avx512_bf16", "bf16", "sve_bf16"])
def test_a_processor_with_bf16_computes_in_it(instructions: str, monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, avx2=True, **{instructions: True})
    assert has_bf16(CPU)
    assert use_bf16(Recipe().model.precision, CPU)
    with fast_autocast(CPU):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16


def test_a_processor_without_bf16_computes_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, avx2=True, avx512_bf16=False)
    assert not has_bf16(CPU)
    assert not use_bf16("auto", CPU)
    with fast_autocast(CPU):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_a_pytorch_that_cannot_tell_computes_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not has_bf16(CPU)


def test_a_recipe_that_names_a_precision_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, amx_bf16=True)
    assert not use_bf16("fp32", CPU)
    have(monkeypatch)
    assert use_bf16("bf16", CPU)
