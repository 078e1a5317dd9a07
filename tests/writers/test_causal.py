"""Any causal language model writes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from training_helpers import tiny_qwen
from transformers import Qwen3ForCausalLM

from cistrace.writers.causal import write
from cistrace.writers.sampling import Sampling
from cistrace.writers.seeds import seed_of

PAD, END = 0, 2
PAPER = Sampling(greedy=False, most_tokens=24)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Qwen3ForCausalLM:
    made = Qwen3ForCausalLM.from_pretrained(tiny_qwen(tmp_path_factory.mktemp("qwen")))
    with torch.no_grad():  # far from uniform, so that a wrong neighbour would show
        for weight in made.parameters():
            weight.mul_(3)
    return made.eval()


def prompts(count: int) -> list[NDArray[np.int32]]:
    random = np.random.default_rng(0)
    return [random.integers(3, 600, random.integers(1, 60), dtype=np.int32) for _ in range(count)]


def written(
    model: Qwen3ForCausalLM, many: list[NDArray[np.int32]], sampling: Sampling, batches: list[list[int]]
) -> list[list[int]]:
    result: list[list[int]] = [[] for _ in many]
    for batch in batches:
        seeds = [seed_of(repr(many[at].tolist()), 7) for at in batch]
        for at, tokens in zip(batch, write(model, PAD, END, [many[at] for at in batch], sampling, seeds), strict=True):
            result[at] = tokens
    return result


def test_greedy_is_what_transformers_writes(model: Qwen3ForCausalLM) -> None:
    many = prompts(6)
    ours = written(model, many, Sampling(most_tokens=30), [[0, 1, 2], [3, 4, 5]])
    for prompt, tokens in zip(many, ours, strict=True):
        plain = model.generate(
            torch.tensor([prompt.tolist()]), attention_mask=torch.ones(1, len(prompt)), do_sample=False,
            max_new_tokens=30, pad_token_id=PAD, eos_token_id=END,
        )[0, len(prompt) :].tolist()  # fmt: skip
        assert tokens == (plain[: plain.index(END)] if END in plain else plain)


@pytest.mark.pipeline
@pytest.mark.parametrize("sampling", [Sampling(most_tokens=24), PAPER])
def test_other_batches_and_orders_write_the_same(model: Qwen3ForCausalLM, sampling: Sampling) -> None:
    many = prompts(240)
    first = written(model, many, sampling, [list(range(at, at + 40)) for at in range(0, 240, 40)])
    order = np.random.default_rng(1).permutation(240).tolist()
    again = written(model, many, sampling, [order[at : at + 7] for at in range(0, 240, 7)])
    different = sum(a != b for a, b in zip(first, again, strict=True))
    assert different <= 0.001 * 240, f"{different} of 240 differ"
    assert len({tuple(tokens) for tokens in first}) > 200  # and they are not all alike


def test_nothing_is_written_for_nothing(model: Qwen3ForCausalLM) -> None:
    assert write(model, PAD, END, [], Sampling(), []) == []


def test_rows_end_or_are_cut_off_and_each_is_reported_once(model: Qwen3ForCausalLM) -> None:
    many = prompts(12)
    counts: list[int] = []
    texts = write(model, PAD, END, many, Sampling(most_tokens=6), [0] * 12, counts.append)
    assert sum(counts) == 12 and min(counts) > 0
    assert all(len(tokens) <= 6 and END not in tokens for tokens in texts)
