from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from checkpoint_helpers import dna

from cistrace.errors import ModelError
from cistrace.reward.objective import objective_of
from cistrace.reward.reward import Reward
from cistrace.towers.encoding import base_codes, one_hot

LENGTHS = (20, 101, 170, 199, 200)


def hot(bases: str) -> torch.Tensor:
    return one_hot(base_codes([bases], len(bases)))


@pytest.mark.parametrize("length", LENGTHS)
def test_equals_the_objective_of_the_reward(reward: Reward, length: int) -> None:
    bases = [dna(length, seed) for seed in range(4)]
    module = reward.module()
    found = module(torch.cat([hot(one) for one in bases]))
    assert found.shape == (4,)
    np.testing.assert_allclose(found.numpy(), reward.components(bases).objective, atol=1e-4)


def test_gradients_are_those_of_finite_differences(reward: Reward) -> None:
    module = reward.module()
    x = (0.9 * hot(dna(60, 3)) + 0.025).requires_grad_(True)
    (slope,) = torch.autograd.grad(module(x).sum(), x)
    step = torch.zeros_like(x)
    step[0, 2, 30] = 2e-3
    with torch.no_grad():
        expected = (module(x + step) - module(x - step)).item() / 4e-3
    assert slope[0, 2, 30].item() == pytest.approx(expected, rel=0.02, abs=5e-4)
    assert (slope != 0).all()


def test_weights_are_frozen_and_the_tower_never_trains(reward: Reward) -> None:
    module = reward.module().train()
    x = hot(dna(200, 1))
    assert not any(parameter.requires_grad for parameter in module.parameters())
    assert torch.equal(module(x), module.eval()(x))


def test_a_column_for_tools_that_pick_outputs(reward: Reward) -> None:
    x = hot(dna(200, 1))
    assert torch.equal(reward.module(column=True)(x)[:, 0], reward.module()(x))


def test_can_be_pickled(reward: Reward) -> None:
    module, x = reward.module(), hot(dna(80, 2))
    assert torch.equal(pickle.loads(pickle.dumps(module))(x), module(x))


@pytest.mark.parametrize("shape", [(1, 4, 201), (1, 5, 200), (4, 200), (1, 4, 0)])
def test_other_shapes_are_told(reward: Reward, shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match=r"expected \(N, 4, L\) with L at most 200"):
        reward.module()(torch.zeros(shape))


def test_expressions_of_any_cell_types_have_a_module() -> None:
    reward = Reward(objective="mean(K562, WTC11) - abs(HepG2)", threads=1)
    assert reward.objective == objective_of("mean(K562, WTC11) - abs(HepG2)", None, (), None, reward.cell_types)
    bases = dna(200, 5)
    assert reward.module()(hot(bases)).item() == pytest.approx(reward.components([bases]).objective.item(), abs=1e-4)


@pytest.mark.parametrize("kind", [torch.float64, torch.float16, torch.int64, torch.uint8, torch.bool])
def test_dna_of_any_type_is_read(reward: Reward, kind: torch.dtype) -> None:
    x = hot(dna(120, 4))
    assert torch.equal(reward.module()(x.to(kind)), reward.module()(x))


def test_gradients_reach_float64(reward: Reward) -> None:
    x = hot(dna(60, 3)).double().requires_grad_(True)
    (slope,) = torch.autograd.grad(reward.module()(x).sum(), x)
    assert slope.dtype == torch.float64 and (slope != 0).all()
