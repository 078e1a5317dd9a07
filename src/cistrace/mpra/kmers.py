"""K-mers of many sequences as numbers, the same for both strands.

A k-mer and its reverse complement have one key of 64 bits. Up to 32 bases it is the lesser of the two, two bits a
base, and exact. From 33 to 64 it is a hash of the lesser's two halves: among the 129 million k-mers of 800,000
sequences of 200 bp, some two fall together by chance in about one table of two thousand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import DataError
from cistrace.io.codes import BLANK, CODE_OF_BYTE, LETTERS

LONGEST = 64
_EXACT = 32
_CHUNK_BASES = 1 << 20
_CODES = CODE_OF_BYTE.copy()
_CODES[LETTERS + 32] = range(4)  # in lower case too


def kmer_keys(sequences: Sequence[str], k: int) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Keys of all k-mers of A, C, G, T.

    Parameters
    ----------
    sequences : sequence of str
        Letters in any case.
    k : int
        1-64.

    Returns
    -------
    keys : ndarray, uint64, shape (M,)
        The same for a k-mer and its reverse complement.
    rows : ndarray, int32, shape (M,)
        Which sequence each stands in, ascending.

    Raises
    ------
    DataError
        k is out of range.
    """
    if not 1 <= k <= LONGEST:
        raise DataError(f"k-mer length {k}: expected 1-{LONGEST}; choose another")
    keys, rows = [np.empty(0, dtype=np.uint64)], [np.empty(0, dtype=np.int32)]
    for first, chunk in _chunks(sequences):
        found, places = _chunk_keys(chunk, k)
        keys.append(found)
        rows.append((places + first).astype(np.int32))
    return np.concatenate(keys), np.concatenate(rows)


def _chunks(sequences: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """Runs of sequences of about a million bases, with the place of the first: temporaries stay small."""
    start = bases = 0
    for place, sequence in enumerate(sequences):
        bases += len(sequence) + 1
        if bases >= _CHUNK_BASES:
            yield start, sequences[start : place + 1]
            start, bases = place + 1, 0
    if start < len(sequences):
        yield start, sequences[start:]


def _chunk_keys(sequences: Sequence[str], k: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    joined = "\n".join(sequences).encode("ascii", "replace")
    codes = _CODES[np.frombuffer(joined, dtype=np.uint8)]
    windows = len(codes) - k + 1
    if windows < 1:
        return np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
    unknown = np.concatenate([[0], np.cumsum(codes == BLANK)])
    places = np.flatnonzero(unknown[k:] == unknown[:-k])
    ends = np.cumsum([len(bases) + 1 for bases in sequences])
    forward = (codes & 3).astype(np.uint64)
    keys = _keys(forward, k)[places]
    return keys, np.searchsorted(ends, places, side="right")


def _keys(codes: NDArray[np.uint64], k: int) -> NDArray[np.uint64]:
    """Keys of every window of k codes (0-3, uint64), whatever it holds; shape (len - k + 1,)."""
    if k <= _EXACT:
        return np.minimum(_packed(codes, k), _packed_mirrored(codes, k))
    head = k - _EXACT
    windows = len(codes) - k + 1
    first, second = _packed(codes, head)[:windows], _packed(codes, _EXACT)[head:]
    third, fourth = _packed_mirrored(codes, head)[_EXACT:], _packed_mirrored(codes, _EXACT)[:windows]
    mirrored = (third < first) | ((third == first) & (fourth < second))
    return _mixed(_mixed(np.where(mirrored, third, first)) ^ np.where(mirrored, fourth, second))


def _packed(codes: NDArray[np.uint64], k: int) -> NDArray[np.uint64]:
    """Windows of k codes as numbers, the first base highest; by doubling, longest pieces first."""
    piece, length, packed, done = codes, 1, None, 0
    while length <= k:
        if k & length:
            packed = piece if packed is None else _behind(piece, length, packed, done)
            done += length
        if length * 2 <= k:
            piece = _behind(piece, length, piece, length)
        length *= 2
    assert packed is not None
    return packed


def _behind(
    head: NDArray[np.uint64], head_length: int, tail: NDArray[np.uint64], tail_length: int
) -> NDArray[np.uint64]:
    """Windows of `head` each followed by a window of `tail`."""
    windows = len(tail) - head_length
    return (head[:windows] << np.uint64(2 * tail_length)) | tail[head_length:]


def _packed_mirrored(codes: NDArray[np.uint64], k: int) -> NDArray[np.uint64]:
    """The reverse complements of the windows of k codes, as numbers."""
    return _packed((np.uint64(3) - codes)[::-1], k)[::-1]


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A bijection of 64-bit numbers in which every bit depends on every other (splitmix64's finisher)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
