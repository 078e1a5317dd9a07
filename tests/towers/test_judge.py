"""Judges: their file, percentiles among natural elements, and scores that hang on nothing but the sequence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tower_helpers import random_dilated

from cistrace.errors import ModelError
from cistrace.io.regions import reverse_complement
from cistrace.towers.files import save_tower
from cistrace.towers.judge import Judge, load_judge_file, percentiles_among, save_judge

_random = np.random.default_rng(0)
NATURAL = ["".join(_random.choice(list("ACGT"), 60)) for _ in range(120)]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    file = tmp_path_factory.mktemp("judge") / "judge.safetensors"
    save_judge(random_dilated(), file, NATURAL, {"chromosomes": "chr1 chr2", "val": "0.5 0.6"})
    return load_judge_file(file)


def test_a_file_says_what_it_learnt_from(judge: Judge) -> None:
    assert judge.chromosomes == ("chr1", "chr2")
    assert judge.cell_types == ("A", "B") and judge.window == 60
    assert judge.natural.shape == (120, 2)


def test_natural_scores_are_those_of_the_file_in_an_order_of_their_own(judge: Judge) -> None:
    scores = judge.scores(NATURAL)
    for cell in range(2):
        np.testing.assert_allclose(np.sort(judge.natural[:, cell]), np.sort(scores[:, cell]), atol=2e-3)
    assert (np.diff(judge.natural[:, 0]) >= 0).all()


def test_a_score_depends_on_no_neighbour_and_on_no_strand(judge: Judge) -> None:
    together = judge.scores(NATURAL[:90])
    alone = np.concatenate([judge.scores([one]) for one in NATURAL[:90]])
    np.testing.assert_array_equal(together, alone)
    other = judge.scores([reverse_complement(one) for one in NATURAL[:90]])
    np.testing.assert_allclose(together, other, atol=1e-5)
    assert judge.scores([]).shape == (0, 2)


def test_percentiles_of_natural_elements_are_even(judge: Judge) -> None:
    found = np.sort(judge.percentiles(judge.natural), axis=0)
    even = 100 * (np.arange(120) + 0.5) / 120
    np.testing.assert_allclose(found, np.stack([even, even], axis=1), atol=1.3)  # float16 ties a few


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30), st.integers(-7, 7))
def test_percentiles_count_what_is_below_and_half_of_what_is_equal(values: list[int], value: int) -> None:
    rising = np.sort(np.array(values, dtype=np.float64))
    expected = 100 * (sum(one < value for one in values) + sum(one == value for one in values) / 2) / len(values)
    assert percentiles_among(np.array([float(value)]), rising)[0] == pytest.approx(expected, abs=1e-4)


def test_a_tower_without_natural_scores_is_no_judge(tmp_path: Path) -> None:
    save_tower(random_dilated(), tmp_path / "tower.safetensors", {})
    with pytest.raises(ModelError, match="expected a judge's file"):
        load_judge_file(tmp_path / "tower.safetensors")
    save_tower(random_dilated(), tmp_path / "torn.safetensors", {"natural": "AAA"})
    with pytest.raises(ModelError, match="expected a judge's file"):
        load_judge_file(tmp_path / "torn.safetensors")


def test_a_sequence_longer_than_the_window_is_refused(judge: Judge) -> None:
    with pytest.raises(ModelError, match="61 bp, expected at most 60"):
        judge.scores(["A" * 61])
