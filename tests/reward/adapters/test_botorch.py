from __future__ import annotations

import pytest
import torch
from checkpoint_helpers import dna

from cistrace.errors import InputError
from cistrace.reward.reward import Reward

pytestmark = pytest.mark.integration
START = dna(80, 4)


def test_a_test_function_that_holos_optimiser_improves(reward: Reward) -> None:
    pytest.importorskip("botorch", exc_type=ImportError)
    optim = pytest.importorskip("holo.optim", exc_type=ImportError)
    from cistrace.reward.adapters.botorch import RewardTestFunction

    function = RewardTestFunction(reward, START, negate=True)
    first = function(function.initial_solution()[None]).item()
    assert first == pytest.approx(-reward([START])[0], rel=1e-5)
    torch.manual_seed(0)
    solution = torch.nn.Parameter(function.initial_solution().float())
    evolution = optim.DiscreteEvolution(
        [solution], list(range(function.num_states)), mutation_prob=1 / function.dim, recombine_prob=1 / function.dim,
        num_particles=32, survival_quantile=0.2,
    )  # fmt: skip
    for _ in range(6):
        loss = evolution.step(lambda particles: function(particles[0])).item()
    assert loss < first - 0.1
    best = "".join("ACGT"[int(state)] for state in solution.data)
    assert loss == pytest.approx(-reward([best])[0], rel=1e-5)


def test_a_test_function_of_botorchs(reward: Reward) -> None:
    pytest.importorskip("botorch", exc_type=ImportError)
    from cistrace.reward.adapters.botorch import RewardTestFunction

    function = RewardTestFunction(reward, START.lower())
    assert function.bounds.tolist() == [[0.0] * 80, [3.0] * 80] and not function.is_minimization_problem
    batch = torch.stack([function.random_solution(3), function.initial_solution(3)])
    values = function(batch)
    assert values.shape == (2, 3) and len(set(values[1].tolist())) == 1
    assert values[1, 0].item() == pytest.approx(reward([START])[0], rel=1e-5)
    with pytest.raises(InputError, match="start: found 4 bases"):
        RewardTestFunction(reward, "ACGT")
