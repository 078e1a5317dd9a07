"""The order of rows."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cistrace.training.sampler import LengthPooledSampler, padding_share

lengths = st.lists(st.integers(1, 500), min_size=1, max_size=300)


@given(lengths, st.integers(1, 40), st.integers(0, 9))
def test_a_pass_holds_every_row_and_fills_up_with_few(many: list[int], batch: int, seed: int) -> None:
    order = list(LengthPooledSampler(many, batch, seed))
    assert len(order) % batch == 0 and len(order) - len(many) < batch
    counts = Counter(order)
    assert set(counts) == set(range(len(many)))
    assert order == list(LengthPooledSampler(many, batch, seed))


@given(lengths, st.integers(1, 8), st.sampled_from([2, 4]))
def test_processes_together_read_what_one_reads(many: list[int], batch: int, processes: int) -> None:
    """A launcher deals batches of `batch` to its processes in turn; together they are one batch of all."""
    order = list(LengthPooledSampler(many, batch * processes, 0))
    dealt = [order[at : at + batch] for at in range(0, len(order), batch)]
    read = [
        sorted(row for part in dealt[at : at + processes] for row in part) for at in range(0, len(dealt), processes)
    ]
    alone = [sorted(order[at : at + batch * processes]) for at in range(0, len(order), batch * processes)]
    assert read == alone


@given(st.lists(st.integers(0, 3), min_size=4, max_size=200))
def test_levels_come_equally_often(levels: list[int]) -> None:
    order = list(LengthPooledSampler([1] * len(levels), 1, 0, levels))
    counts = Counter(levels[row] for row in order)
    assert set(counts) == set(levels) and sum(counts.values()) == len(levels)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_epochs_differ() -> None:
    sampler = LengthPooledSampler(list(range(100)), 10, 0)
    first = list(sampler)
    sampler.set_epoch(1)
    assert list(sampler) != first


def test_little_is_padding() -> None:
    random = np.random.default_rng(0)
    many = random.lognormal(6, 0.5, 3_000).astype(int).tolist()
    assert padding_share(many, 8) < 0.1
    plain = random.permutation(many)
    chunks = [plain[at : at + 8] for at in range(0, len(plain), 8)]
    assert 1 - sum(map(sum, chunks)) / sum(max(chunk) * len(chunk) for chunk in chunks) > 0.3
