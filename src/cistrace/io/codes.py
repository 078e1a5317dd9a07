"""Bases as small whole numbers: A, C, G, T = 0-3, any other letter 4."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint8]

BASES = "ACGT"
BLANK = 4
"""Code of what is no base."""
LETTERS = np.frombuffer(BASES.encode(), dtype=np.uint8)
CODE_OF_BYTE = np.full(256, BLANK, dtype=np.uint8)
CODE_OF_BYTE[LETTERS] = range(len(BASES))


def codes_of(bases: str) -> Codes:
    """Codes of ASCII letters, of which lower-case ones are no bases: uint8 (length,)."""
    return CODE_OF_BYTE[np.frombuffer(bases.encode("ascii"), dtype=np.uint8)]


def bases_of(codes: Codes) -> str:
    """The bases of codes 0-3."""
    return LETTERS[codes].tobytes().decode("ascii")


def opposite(codes: Codes) -> Codes:
    """Codes 0-3 of the opposite strand."""
    return (3 - codes)[::-1]


def stacked(sequences: Iterable[str]) -> Codes:
    """Codes of sequences of one length: uint8 (N, length)."""
    return np.stack([codes_of(bases) for bases in sequences])
