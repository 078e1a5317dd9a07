from __future__ import annotations

from collections import Counter

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from cistrace.writers.token_draws import TEMPERATURE, TokenDraws

SEEDS = st.integers(0, 2**63 - 1)
WRITTEN = st.integers(0, 259)
TOKENS = 40


def noise(seed: int, written: int) -> torch.Tensor:
    draws = TokenDraws([seed], [written])
    return draws.perturbed(torch.tensor([0]), torch.zeros((1, TOKENS), dtype=torch.float64))[0]


@given(st.lists(st.tuples(SEEDS, WRITTEN), min_size=1, max_size=6), st.data())
def test_a_text_draws_the_same_whatever_its_neighbours(texts: list[tuple[int, int]], data: st.DataObject) -> None:
    """Alone, among others, and where some of these draw nothing."""
    draws = TokenDraws([seed for seed, _ in texts], [written for _, written in texts])
    at = data.draw(st.lists(st.integers(0, len(texts) - 1), min_size=1, unique=True))
    logits = torch.randn((len(at), TOKENS), generator=torch.Generator().manual_seed(0))
    found = draws.perturbed(torch.tensor(at), logits)
    assert found.dtype == logits.dtype
    for row, place in enumerate(at):
        alone = TokenDraws([texts[place][0]], [texts[place][1]]).perturbed(torch.tensor([0]), logits[row : row + 1])
        assert torch.equal(found[row], alone[0])


@given(SEEDS, SEEDS, WRITTEN)
def test_another_seed_is_another_draw(one: int, other: int, written: int) -> None:
    assert torch.equal(noise(one, written), noise(other, written)) == (one == other)


@given(SEEDS, WRITTEN, WRITTEN)
def test_tokens_of_a_text_share_no_noise(seed: int, one: int, other: int) -> None:
    """Not in other places either: counters of a generator that are neighbours give one sequence, moved on."""
    shared = set(noise(seed, one).tolist()) & set(noise(seed, other).tolist())
    assert len(shared) == (TOKENS if one == other else 0)


def test_draws_follow_the_softmax() -> None:
    logits = torch.tensor([[1.0, 0.6, 0.0, -0.5, -3.0]], dtype=torch.float64)
    count = 20_000
    draws = TokenDraws([7] * count, list(range(count)))
    found = Counter(draws.perturbed(torch.arange(count), logits.expand(count, -1)).argmax(dim=1).tolist())
    for token, probability in enumerate((logits[0] / TEMPERATURE).softmax(dim=0).tolist()):
        bound = 5 * np.sqrt(probability * (1 - probability) / count)
        assert abs(found[token] / count - probability) <= bound
