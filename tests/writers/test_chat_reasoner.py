"""The reasoner made of any chat model, with a tiny one of random weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from card_helpers import an_evidence_card
from training_helpers import chatml_tokenizer, tiny_qwen
from transformers import AutoModelForCausalLM

from cistrace.writers.chat_reasoner import ChatReasoner
from cistrace.writers.head import Head
from cistrace.writers.layout import CHAT, layout_of
from cistrace.writers.prompts import Prompt, chat_prompt, sequence_prompt
from cistrace.writers.sampling import Sampling

CELLS = 2
FEATURES = torch.tensor([[[0.5, 0.1], [-0.3, 0.1]], [[1.0, 0.2], [0.0, 0.2]]])
GREEDY, PAPER = Sampling(most_tokens=8), Sampling(greedy=False, most_tokens=8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_qwen(tmp_path_factory.mktemp("qwen"))


@pytest.fixture(scope="module")
def prompts() -> list[list[Prompt]]:
    """Two sequences in two cell types, of very different lengths."""
    long, short = chat_prompt(an_evidence_card()), sequence_prompt("ACGT" * 5, "K562")
    return [[long, short], [short, long]]


def reasoner(folder: Path, sampling: Sampling, seed: int = 7) -> ChatReasoner:
    model = AutoModelForCausalLM.from_pretrained(folder)
    head = Head(model.config.hidden_size)
    torch.nn.init.normal_(head.linear.weight, generator=torch.Generator().manual_seed(1))
    return ChatReasoner(model, layout_of(CHAT, chatml_tokenizer()), head, sampling, seed)


@pytest.mark.parametrize("sampling", [GREEDY, PAPER])
def test_a_batch_says_what_each_prompt_would_alone(
    folder: Path, prompts: list[list[Prompt]], sampling: Sampling
) -> None:
    made = reasoner(folder, sampling)
    together = made.reason(prompts, FEATURES)
    for row in range(2):
        for cell in range(CELLS):
            alone = made.reason([[prompts[row][cell]]], FEATURES[row : row + 1, cell : cell + 1])
            assert alone.texts[0][0] == together.texts[row][cell]
            assert alone.scores.item() == pytest.approx(together.scores[row, cell].item(), abs=1e-4)


def test_a_text_gives_back_its_own_score_and_another_gives_another(folder: Path, prompts: list[list[Prompt]]) -> None:
    made = reasoner(folder, GREEDY)
    found = made.reason(prompts, FEATURES)
    torch.testing.assert_close(made.rescore(prompts, found.texts, FEATURES), found.scores)
    altered = [["1. other words\n</think>Level: 1"] * CELLS] * 2
    assert (made.rescore(prompts, altered, FEATURES) - found.scores).abs().min() > 1e-3
    concluded = [["1. other words\n</think>Level: 3"] * CELLS] * 2  # what follows the reasoning is not read
    torch.testing.assert_close(made.rescore(prompts, altered, FEATURES), made.rescore(prompts, concluded, FEATURES))


def test_without_a_trace_the_prompt_alone_is_scored(folder: Path, prompts: list[list[Prompt]]) -> None:
    made = reasoner(folder, GREEDY)
    bare = made.reason(prompts, FEATURES, write=False)
    assert bare.texts == [[], []]
    assert (bare.scores - made.reason(prompts, FEATURES).scores).abs().min() > 1e-3


@pytest.mark.parametrize("sampling", [GREEDY, PAPER])
def test_every_trace_is_reported_once(folder: Path, prompts: list[list[Prompt]], sampling: Sampling) -> None:
    counts: list[int] = []
    reasoner(folder, sampling).reason(prompts, FEATURES, on_written=counts.append)
    assert sum(counts) == 4 and min(counts) > 0


def test_a_seed_is_stated_where_something_is_drawn(folder: Path, prompts: list[list[Prompt]]) -> None:
    assert reasoner(folder, GREEDY).seed is None
    one, same, other = (reasoner(folder, PAPER, seed) for seed in (7, 7, 8))
    assert one.seed == 7
    assert one.reason(prompts, FEATURES).texts == same.reason(prompts, FEATURES).texts
    assert one.reason(prompts, FEATURES).texts != other.reason(prompts, FEATURES).texts


@pytest.mark.parametrize("sampling", [GREEDY, PAPER])
def test_another_attempt_is_drawn_anew(folder: Path, prompts: list[list[Prompt]], sampling: Sampling) -> None:
    """Also where the first one is greedy; each is the same again, and the same alone."""
    made = reasoner(folder, sampling)
    first, second, third = (made.reason(prompts, FEATURES, attempt=attempt).texts for attempt in range(3))
    assert first == made.reason(prompts, FEATURES).texts
    for row in range(2):
        for cell in range(CELLS):
            assert len({texts[row][cell] for texts in (first, second, third)}) == 3
    assert made.reason(prompts[:1], FEATURES[:1], attempt=1).texts == second[:1]
