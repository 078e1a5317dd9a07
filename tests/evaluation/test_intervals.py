"""Intervals over blocks, against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from cistrace.evaluation.intervals import bootstrap, difference, resampled_blocks
from cistrace.mpra.metrics import pearson

RANDOM = np.random.default_rng(5)
BLOCKS = np.repeat(np.arange(8), [3, 5, 4, 6, 2, 7, 5, 4])
MEASURED = RANDOM.normal(size=len(BLOCKS))
ONE, OTHER = MEASURED + RANDOM.normal(size=(2, len(BLOCKS)))


def by_hand(draws: int) -> list[list[int]]:
    """The rows of every draw, block after block."""
    drawn = np.random.default_rng(0).integers(0, 8, (draws, 8))
    return [[row for block in one for row in np.flatnonzero(block == BLOCKS).tolist()] for one in drawn.tolist()]


def test_blocks_are_drawn_whole() -> None:
    found = [rows.tolist() for rows in resampled_blocks(BLOCKS, 20)]
    assert found == by_hand(20)


def test_an_interval_over_blocks_is_that_of_brute_force() -> None:
    figures = [pearson(ONE[rows], MEASURED[rows]) for rows in by_hand(200)]
    found = bootstrap(pearson, ONE, MEASURED, 200, BLOCKS)
    assert found.value == pytest.approx(pearson(ONE, MEASURED))
    assert (found.lower, found.upper) == pytest.approx(tuple(np.quantile(figures, [0.025, 0.975])))


def test_a_paired_interval_is_that_of_brute_force_and_turns_round() -> None:
    gaps = [pearson(ONE[rows], MEASURED[rows]) - pearson(OTHER[rows], MEASURED[rows]) for rows in by_hand(200)]
    found = difference(pearson, ONE, OTHER, MEASURED, 200, BLOCKS)
    assert found.value == pytest.approx(pearson(ONE, MEASURED) - pearson(OTHER, MEASURED))
    assert (found.lower, found.upper) == pytest.approx(tuple(np.quantile(gaps, [0.025, 0.975])))
    other = difference(pearson, OTHER, ONE, MEASURED, 200, BLOCKS)
    assert (other.value, other.lower, other.upper) == pytest.approx(
        (found.turned().value, found.turned().lower, found.turned().upper)
    )


def test_blocks_that_move_together_widen_the_interval() -> None:
    """Copies of one element in a block are no further evidence."""
    block = np.repeat(np.arange(30), 4)
    measured = np.repeat(RANDOM.normal(size=30), 4)
    predicted = measured + np.repeat(RANDOM.normal(size=30), 4)
    alone, together = bootstrap(pearson, predicted, measured), bootstrap(pearson, predicted, measured, blocks=block)
    assert together.upper - together.lower > 1.5 * (alone.upper - alone.lower)
