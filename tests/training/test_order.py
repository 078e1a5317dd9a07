"""The order of rows."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cistrace.training.order import course, epoch_batches, padding_share

lengths = st.lists(st.integers(1, 500), min_size=1, max_size=300).map(np.array)


@given(lengths, st.integers(1, 40), st.integers(0, 9))
def test_an_epoch_holds_every_row_and_fills_up_with_few(many: NDArray[np.int64], batch: int, seed: int) -> None:
    batches = epoch_batches(len(many), batch)
    order = course(many, batch, batches, seed).tolist()
    assert len(order) == batches * batch and len(order) - len(many) < batch
    assert set(order) == set(range(len(many)))
    assert order == course(many, batch, batches, seed).tolist()


@given(lengths, st.integers(1, 8), st.sampled_from([2, 4]))
def test_processes_together_read_what_one_reads(many: NDArray[np.int64], batch: int, processes: int) -> None:
    """A launcher deals batches of `batch` to its processes in turn; together they are one batch of all."""
    whole = batch * processes
    order = course(many, whole, 3, 0).tolist()
    dealt = [order[at : at + batch] for at in range(0, len(order), batch)]
    read = [
        sorted(row for part in dealt[at : at + processes] for row in part) for at in range(0, len(dealt), processes)
    ]
    assert read == [sorted(order[at : at + whole]) for at in range(0, len(order), whole)]


@given(st.lists(st.integers(0, 3), min_size=4, max_size=200).map(np.array))
def test_levels_come_equally_often(levels: NDArray[np.int64]) -> None:
    order = course(np.ones(len(levels), np.int64), 1, len(levels), 0, levels.astype(np.int8))
    counts = Counter(levels[order].tolist())
    assert set(counts) == set(levels.tolist()) and sum(counts.values()) == len(levels)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_a_course_is_as_long_as_asked_epochs_behind_one_another() -> None:
    many = np.arange(100)
    order = course(many, 10, 25, 0)
    assert len(order) == 250 and sorted(order[:100]) == sorted(order[100:200]) == list(range(100))
    assert order[:100].tolist() != order[100:200].tolist()


def test_little_is_padding() -> None:
    many = np.random.default_rng(0).lognormal(6, 0.5, 3_000).astype(np.int64)
    assert padding_share(many, course(many, 8, 375, 0), 8) < 0.1
    assert padding_share(many, np.arange(3_000), 8) > 0.3


def test_the_share_of_padding_is_counted() -> None:
    assert padding_share(np.array([3, 1, 2, 2]), np.arange(4), 2) == 1 - 8 / 10
