"""Writing with any causal language model."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from training_helpers import tiny_qwen
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.generation.logits_process import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from cistrace.writers.causal import batches_by_length, write
from cistrace.writers.sampling import Sampling, SeededDraw, seed_of

PAD, END = 0, 2
PAPER = Sampling(greedy=False, most_tokens=24)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PreTrainedModel:
    made = AutoModelForCausalLM.from_pretrained(tiny_qwen(tmp_path_factory.mktemp("qwen")))
    with torch.no_grad():  # far from uniform, so that a wrong neighbour would show
        for weight in made.parameters():
            weight.mul_(3)
    return made.eval()


def prompts(count: int) -> list[NDArray[np.int32]]:
    random = np.random.default_rng(0)
    return [random.integers(3, 600, random.integers(1, 60), dtype=np.int32) for _ in range(count)]


def written(
    model: PreTrainedModel, many: list[NDArray[np.int32]], sampling: Sampling, batches: list[list[int]]
) -> list[list[int]]:
    result: list[list[int]] = [[] for _ in many]
    for batch in batches:
        seeds = [seed_of(repr(many[at].tolist()), 7) for at in batch]
        for at, tokens in zip(batch, write(model, PAD, END, [many[at] for at in batch], sampling, seeds), strict=True):
            result[at] = tokens
    return result


def test_greedy_is_what_transformers_writes(model: PreTrainedModel) -> None:
    many = prompts(6)
    ours = written(model, many, Sampling(most_tokens=30), [[0, 1, 2], [3, 4, 5]])
    for prompt, tokens in zip(many, ours, strict=True):
        plain = model.generate(
            torch.tensor([prompt.tolist()]), attention_mask=torch.ones(1, len(prompt)), do_sample=False,
            max_new_tokens=30, pad_token_id=PAD, eos_token_id=END,
        )[0, len(prompt) :].tolist()  # fmt: skip
        assert tokens == (plain[: plain.index(END)] if END in plain else plain)


@pytest.mark.parametrize("sampling", [Sampling(most_tokens=24), PAPER])
def test_other_batches_and_orders_write_the_same(model: PreTrainedModel, sampling: Sampling) -> None:
    many = prompts(240)
    first = written(model, many, sampling, [list(range(at, at + 40)) for at in range(0, 240, 40)])
    order = np.random.default_rng(1).permutation(240).tolist()
    again = written(model, many, sampling, [order[at : at + 7] for at in range(0, 240, 7)])
    different = sum(a != b for a, b in zip(first, again, strict=True))
    assert different <= 0.001 * 240, f"{different} of 240 differ"
    assert len({tuple(tokens) for tokens in first}) > 200  # and they are not all alike


def test_draws_follow_the_filtered_distribution() -> None:
    """Against transformers' own warpers, over many seeds."""
    scores = torch.tensor([[2.0, 1.5, 1.2, 1.1, 0.0, -1.0, -8.0]])
    sampling = Sampling(greedy=False, temperature=0.8, top_p=0.85, top_k=5)
    ids = torch.zeros((1, 1), dtype=torch.long)
    kept = scores
    for warper in (TemperatureLogitsWarper(0.8), TopKLogitsWarper(5), TopPLogitsWarper(0.85)):
        kept = warper(ids, kept)
    expected = kept.softmax(dim=1)[0]
    count = 20_000
    draw = SeededDraw(sampling, [seed_of(str(at), 0) for at in range(count)], 1)
    chosen = draw(ids.expand(count, 1), scores.expand(count, -1)).argmax(dim=1).tolist()
    found = Counter(chosen)
    for token, probability in enumerate(expected.tolist()):
        bound = 5 * np.sqrt(probability * (1 - probability) / count)
        assert abs(found[token] / count - probability) <= bound


@given(st.lists(st.integers(1, 500), max_size=60), st.integers(1, 4000))
def test_batches_hold_every_prompt_once_within_the_budget(lengths: list[int], budget: int) -> None:
    batches = list(batches_by_length(lengths, budget))
    assert sorted(at for batch in batches for at in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or max(lengths[at] for at in batch) * len(batch) <= budget


def test_nothing_is_written_for_nothing(model: PreTrainedModel) -> None:
    assert write(model, PAD, END, [], Sampling(), []) == []
