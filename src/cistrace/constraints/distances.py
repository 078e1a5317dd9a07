"""Edit distances (Levenshtein) between sequences, by rapidfuzz."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import ConstraintError


def edit_distances(
    sequences: Sequence[str], others: Sequence[str], limit: int | None = None
) -> NDArray[np.uint16]:  # fmt: skip
    """Edit distance of every sequence from every other, on the given strand.

    Parameters
    ----------
    limit : int, optional
        Distances above it are given as `limit` + 1, which is several times as fast.

    Returns
    -------
    ndarray, uint16, shape (sequences, others)

    Raises
    ------
    ConstraintError
        rapidfuzz is not installed.
    """
    try:
        from rapidfuzz.distance import Levenshtein
        from rapidfuzz.process import cdist
    except ImportError:
        raise ConstraintError(
            ["distances: found no rapidfuzz, expected it; run `pip install 'cistrace[design]'`"]
        ) from None
    if not sequences or not others:
        return np.zeros((len(sequences), len(others)), dtype=np.uint16)
    found = cdist(sequences, others, scorer=Levenshtein.distance, score_cutoff=limit, dtype=np.uint16)
    return np.asarray(found, dtype=np.uint16)


def nearest(sequences: Sequence[str], others: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    """Which of the others is nearest to each sequence, and how far: int64 (N,), uint16 (N,).

    Raises
    ------
    ConstraintError
        rapidfuzz is not installed.
    """
    distances = edit_distances(sequences, others)
    places = distances.argmin(axis=1)
    return places, distances[np.arange(len(sequences)), places]
