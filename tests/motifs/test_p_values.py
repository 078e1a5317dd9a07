"""p-values are exact, and integers FIMO's."""

from __future__ import annotations

import numpy as np
import pytest
from motif_helpers import FIMO_BACKGROUND, random_motif
from numpy.typing import NDArray

from cistrace.motifs.background import Background, load_background
from cistrace.motifs.integer_matrix import IntegerMatrix, integer_matrix
from cistrace.motifs.p_values import p_values


def enumerate_tail(matrix: IntegerMatrix, background: Background) -> NDArray[np.float64]:
    """Probability of each deficit and less, over all 4**width words."""
    totals, chances = np.zeros(1, dtype=np.int64), np.ones(1)
    for row in matrix.entries:
        totals = (totals[:, None] + row).ravel()
        chances = (chances[:, None] * background.array).ravel()
    return np.cumsum(np.bincount(matrix.best - totals, weights=chances))


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("spec", ["fimo", "uniform"])
def test_p_values_equal_enumeration_of_all_words(width: int, spec: str) -> None:
    background = load_background(spec)
    for seed in range(5):
        matrix = integer_matrix(random_motif(width, seed), background)
        exact = enumerate_tail(matrix, background)
        np.testing.assert_allclose(p_values(matrix, background), exact, rtol=1e-12)


def test_a_cut_table_is_the_head_of_the_whole() -> None:
    matrix = integer_matrix(random_motif(15, 3), FIMO_BACKGROUND)
    whole = p_values(matrix, FIMO_BACKGROUND)
    assert whole[-1] == pytest.approx(1.0)
    for limit in (0, 1, 100, 10**6):
        np.testing.assert_array_equal(p_values(matrix, FIMO_BACKGROUND, limit), whole[: limit + 1])


def test_integers_follow_fimo() -> None:
    motif = random_motif(8, 1)
    matrix, bits = integer_matrix(motif, FIMO_BACKGROUND), motif.log_odds(FIMO_BACKGROUND).bits
    assert matrix.offset == np.floor(bits.min()) and matrix.scale == np.floor(1000 / (bits.max() - matrix.offset))
    assert matrix.entries.min() >= 0
    np.testing.assert_allclose(matrix.entries / matrix.scale + matrix.offset, bits, atol=0.5 / matrix.scale + 1e-12)
    assert matrix.bits(matrix.best) == pytest.approx(bits.max(axis=1).sum(), abs=8 * 0.5 / matrix.scale)
