"""A reward that is quick: the share of places with the letters wanted there, and its gradient."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cistrace.io.codes import Codes, stacked


def wanted(length: int) -> Codes:
    return np.random.default_rng(7).integers(0, 4, length).astype(np.uint8)


def by_letters(sequences: list[str]) -> NDArray[np.float64]:
    """The share of places with the letter that is wanted there."""
    codes = stacked(sequences)
    return (codes == wanted(codes.shape[1])).mean(axis=1)


def letter_slopes(codes: Codes) -> NDArray[np.float32]:
    """Its gradient, float32 (N, 4, length)."""
    slope = np.zeros((4, codes.shape[1]), dtype=np.float32)
    slope[wanted(codes.shape[1]), np.arange(codes.shape[1])] = 1 / codes.shape[1]
    return np.repeat(slope[None], len(codes), axis=0)
