from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from cistrace.reward.memo import TOGETHER, Memo


class Counting:
    """Length and first letter of texts, and how often each was asked for."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.largest = 0

    def __call__(self, sequences: list[str]) -> NDArray[np.float32]:
        self.asked.update(sequences)
        self.largest = max(self.largest, len(sequences))
        return np.array([[len(one), ord(one[0])] for one in sequences], dtype=np.float32)


WORDS = [letter * length for letter in "ACGT" for length in range(1, 40)]


@pytest.mark.parametrize("threads", [1, 3])
def test_rows_are_those_of_the_sequences_and_computed_once(threads: int) -> None:
    measure = Counting()
    memo = Memo(measure, 2, threads, 1000)
    asked = WORDS + WORDS[::-1]
    for _ in range(2):
        np.testing.assert_array_equal(memo.rows(asked), [[len(one), ord(one[0])] for one in asked])
    assert set(measure.asked.values()) == {1}
    assert measure.largest == TOGETHER


def test_no_more_is_kept_than_may_be_and_the_last_used_stay() -> None:
    measure = Counting()
    memo = Memo(measure, 2, 1, 2)
    memo.rows(["A"])
    memo.rows(["C"])
    memo.rows(["A"])
    memo.rows(["G"])  # C goes
    memo.rows(["A", "G"])
    memo.rows(["C"])
    assert measure.asked == {"A": 1, "C": 2, "G": 1}


def test_nothing_is_kept_where_nothing_may_be() -> None:
    measure = Counting()
    memo = Memo(measure, 2, 1, 0)
    assert memo.rows(WORDS).tolist() == memo.rows(WORDS).tolist()
    assert set(measure.asked.values()) == {2}


def test_no_sequence_gives_no_row() -> None:
    assert Memo(Counting(), 2, 1, 10).rows([]).shape == (0, 2)


def test_threads_side_by_side_get_what_they_asked_for() -> None:
    memo = Memo(Counting(), 2, 2, 20)
    with ThreadPoolExecutor(8) as pool:
        for start, rows in enumerate(pool.map(lambda start: memo.rows(WORDS[start : start + 60]), range(90))):
            assert rows[:, 0].tolist() == [len(one) for one in WORDS[start : start + 60]]
