"""Batches of what is of unlike length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.writers.batches import batches_by_length, padded


@given(st.lists(st.integers(1, 500), max_size=60), st.integers(1, 4000))
def test_batches_hold_every_prompt_once_within_the_budget(lengths: list[int], budget: int) -> None:
    batches = list(batches_by_length(lengths, budget))
    assert sorted(at for batch in batches for at in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or max(lengths[at] for at in batch) * len(batch) <= budget


@pytest.mark.parametrize(
    ("left", "ids", "mask"),
    [(True, [[5, 6, 7], [0, 0, 8]], [[1, 1, 1], [0, 0, 1]]), (False, [[5, 6, 7], [8, 0, 0]], [[1, 1, 1], [1, 0, 0]])],
)
def test_batches_are_filled_up_on_either_side(left: bool, ids: list[list[int]], mask: list[list[int]]) -> None:
    rows = [np.array(row, dtype=np.int32) for row in ([5, 6, 7], [8])]
    assert [found.tolist() for found in padded(rows, 0, left)] == [ids, mask]
