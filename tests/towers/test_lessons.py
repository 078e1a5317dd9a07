"""Sequences to learn from, and teachers' answers, kept slice by slice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tower_helpers import random_legnet

from cistrace.towers import lessons
from cistrace.towers.encoding import base_codes
from cistrace.towers.fit import predict
from cistrace.towers.lessons import LEAST, ask, recombined


@given(st.lists(st.text("ACGTN", min_size=40, max_size=90), min_size=1, max_size=5), st.integers(0, 2**31))
def test_unaltered_ones_begin_as_one_parent_and_end_as_another(parents: list[str], seed: int) -> None:
    for made in recombined(parents, 8, 0.0, seed):
        cuts = range(LEAST, len(made) - LEAST + 1)
        starts = [parent for parent in parents if made[:LEAST] == parent[:LEAST]]
        assert any(
            made == one[:cut] + other[cut : len(made)] and len(made) == min(len(one), len(other))
            for cut in cuts for one in starts for other in parents
        )  # fmt: skip


def test_altered_ones_differ_by_no_more_than_was_allowed_for() -> None:
    parent = "ACGT" * 500  # one parent: what differs was drawn anew
    made = recombined([parent], 40, 0.4, 3)
    shares = [np.mean([a != b for a, b in zip(one, parent)]) for one in made]
    assert max(shares) < 0.4 * 0.75 + 0.05 and max(shares) > 0.15 and min(shares) < 0.05
    assert made == recombined([parent], 40, 0.4, 3) != recombined([parent], 40, 0.4, 4)


def test_nothing_is_made_of_parents_too_short_to_join() -> None:
    assert recombined(["ACGT" * 9], 5, 0.1, 0) == []


def test_answers_are_the_teachers_own_and_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "TOGETHER", 8)
    teachers = [random_legnet(), random_legnet()]
    for weight in teachers[1].parameters():
        weight.data *= 1.1
    sequences = recombined(["ACGTTGCAAC" * 6, "TTGACCAGTA" * 6], 20, 0.2, 0)
    found = ask(teachers, "two", sequences, tmp_path)
    codes = base_codes(sequences, teachers[0].window)
    for answer, teacher in zip(found.answers, teachers, strict=True):
        np.testing.assert_allclose(answer, predict(teacher, codes), atol=1e-5)
    np.testing.assert_allclose(found.means, found.answers.mean(axis=0))
    np.testing.assert_allclose(found.spreads, np.abs(found.answers[0] - found.answers[1]) / 2, atol=1e-6)
    assert len(list(tmp_path.iterdir())) == 3  # slices of 8, 8 and 4

    def deaf(*_: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr(lessons, "predict", deaf)
    np.testing.assert_array_equal(ask(teachers, "two", sequences, tmp_path).answers, found.answers)
    torn = next(tmp_path.iterdir())
    torn.write_bytes(torn.read_bytes()[:-4])
    with pytest.raises(AssertionError, match="asked again"):
        ask(teachers, "two", sequences, tmp_path)
    with pytest.raises(AssertionError, match="asked again"):
        ask(teachers, "others", sequences, tmp_path)
