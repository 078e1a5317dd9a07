from __future__ import annotations

import runpy
import warnings
from pathlib import Path

import pytest
from checkpoint_helpers import dna

from cistrace.reward.adapters.completions import Completion
from cistrace.reward.adapters.grpo import GrpoReward
from cistrace.reward.reward import Reward

BASES = dna(200, 11)
BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "grpo.py"


def test_texts_and_chats_have_the_same_rewards(reward: Reward) -> None:
    (expected,) = reward([BASES])
    function = GrpoReward(reward)
    assert function(prompts=["x"] * 2, completions=[BASES, f"<dna>{BASES}</dna>"], cell=["a", "b"]) == [expected] * 2
    chats: list[Completion] = [
        [{"role": "assistant", "content": f"It is {BASES}."}],
        [{"role": "assistant", "content": None}],
    ]
    assert function(prompts=[[{"role": "user", "content": "?"}]] * 2, completions=chats) == [expected, None]
    assert function.__name__ == "cistrace"


def test_whatever_a_model_writes_has_a_number_and_no_warning(reward: Reward) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = GrpoReward(reward)(["x"] * 4, ["", "no", BASES * 2, "\x00"], trainer_state=None)
    assert all(one is not None and one < reward.floor for one in found)
    assert GrpoReward(reward)([], []) == []


@pytest.mark.integration
def test_trls_trainer_raises_the_mean_reward(tmp_path: Path) -> None:
    pytest.importorskip("trl", exc_type=ImportError)
    benchmark = runpy.run_path(str(BENCHMARK))
    rewards = benchmark["train"](Reward("HepG2", threads=1), 10, 1, str(tmp_path), length=60, together=64)
    assert len(rewards) == 10
    assert benchmark["rise"](rewards) > 0.1, rewards
