"""Designs as codes, uint8 (length,), A, C, G, T = 0-3; and back."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint8]

_CODE_OF_BYTE = np.zeros(256, dtype=np.uint8)
for _index, _base in enumerate(b"ACGT"):
    _CODE_OF_BYTE[_base] = _index
_BYTES = np.frombuffer(b"ACGT", dtype=np.uint8)


def codes_of(bases: str) -> Codes:
    """Codes of upper-case A, C, G and T."""
    return _CODE_OF_BYTE[np.frombuffer(bases.encode("ascii"), dtype=np.uint8)]


def bases_of(codes: Codes) -> str:
    """The bases of codes."""
    return _BYTES[codes].tobytes().decode("ascii")


def opposite(codes: Codes) -> Codes:
    """Codes of the opposite strand."""
    return (3 - codes)[::-1]


def stacked(sequences: Iterable[str]) -> Codes:
    """Codes of sequences of one length: uint8 (N, length)."""
    return np.stack([codes_of(bases) for bases in sequences])
