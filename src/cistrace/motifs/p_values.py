"""How a p-value is made: the exact chance that a window of background letters scores as high, or higher.

FIMO's own computation (Grant, Bailey & Noble, Bioinformatics 27:1017, 2011): the distribution of the sum of an integer
matrix, by dynamic programming under an order-0 background.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cistrace.motifs.background import Background
from cistrace.motifs.integer_matrix import IntegerMatrix

FIRST_DEFICIT = 1500  # where tables are first cut; they double until they reach the threshold


def p_values(matrix: IntegerMatrix, background: Background, limit: int | None = None) -> NDArray[np.float64]:
    """Tail probabilities of the sums of an integer matrix, by dynamic programming over its rows.

    Parameters
    ----------
    limit : int, optional
        Largest deficit wanted; all of them by default. The values are exact wherever the table ends, since
        the deficit of a word only grows from row to row.

    Returns
    -------
    ndarray, float64, shape (limit + 1,)
        Entry d is the probability of a window of background letters scoring at least `matrix.best - d`.
    """
    deficits = matrix.entries.max(axis=1, keepdims=True) - matrix.entries
    size = min(int(deficits.max(axis=1).sum()), limit if limit is not None else np.iinfo(np.int64).max) + 1
    density = np.zeros(size)
    density[0] = 1.0
    for row in deficits.tolist():
        grown = np.zeros(size)
        for shift, share in zip(row, background.frequencies, strict=True):
            if shift < size:
                grown[shift:] += share * density[: size - shift]
        density = grown
    return np.minimum(np.cumsum(density), 1.0)


def table_to(threshold: float, matrix: IntegerMatrix, background: Background) -> NDArray[np.float64]:
    """The p-values up to the threshold, by rising deficit; empty where even the best word does not pass."""
    limit = FIRST_DEFICIT
    while True:
        table = p_values(matrix, background, limit)
        if table[-1] > threshold or len(table) <= limit:
            return table[: int(np.searchsorted(table, threshold, side="right"))]
        limit *= 2


def hit_table(
    matrix: IntegerMatrix, background: Background, p_threshold: float, best_word_p: float = 0
) -> NDArray[np.float64]:
    """p-values of what is a hit, by rising deficit: as `table_to`, and of a short motif its best words.

    Parameters
    ----------
    best_word_p : float
        Where no word passes the threshold, words of the best score are hits if their p-value is at most this.
    """
    table = table_to(p_threshold, matrix, background)
    if not len(table) and best_word_p > p_threshold:
        table = table_to(best_word_p, matrix, background)[:1]
    return table
