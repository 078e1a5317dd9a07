"""Sequences that share a stretch of bases on either strand: groups of them, and leaks between splits.

K-mers with letters other than A, C, G, T are left out, and `cistrace.mpra.kmers` says how the rest are known.

A sequence shorter than k holds no k-mer. It counts as sharing where the whole of it, on either strand, lies in
another. Sequences whose every k-mer holds such a letter are compared as wholes alone.

Memory is about 60 bytes a k-mer at the peak: 0.5 GB for 50,000 sequences of 200 bp.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import DataError
from cistrace.io.regions import reverse_complement
from cistrace.mpra.kmers import kmer_keys
from cistrace.mpra.loaded import SPLITS

_PAIRS = (("val", "train"), ("test", "train"), ("test", "val"))


@dataclass(frozen=True, slots=True)
class Leak:
    """Rows of one split that are found again in another.

    Attributes
    ----------
    sharing : int
        Rows that share at least one k-mer, on either strand.
    identical : int
        Rows that are there as a whole, on either strand.
    """

    sharing: int
    identical: int


@dataclass(frozen=True, slots=True)
class Leaks:
    """What the splits of a table share.

    Attributes
    ----------
    k : int
    val_from_train, test_from_train, test_from_val : Leak
    short : int
        Rows without a k-mer of A, C, G, T: shorter than k, or interrupted. They are compared as wholes.
    """

    k: int
    val_from_train: Leak
    test_from_train: Leak
    test_from_val: Leak
    short: int

    @property
    def clean(self) -> bool:
        """Whether nothing is shared."""
        return not any(leak.sharing for leak in (self.val_from_train, self.test_from_train, self.test_from_val))


@dataclass(frozen=True, eq=False)
class _Shared:
    """Keys and the rows that hold them, sorted by key. Shape (M,) each: uint64, int32, bool.

    `own` marks the entries that make a key worth sharing. Two longer rows that both hold a third, short one each share
    with that, and not with one another.
    """

    keys: NDArray[np.uint64]
    rows: NDArray[np.int32]
    own: NDArray[np.bool_]

    def starts(self) -> NDArray[np.int64]:
        """Where each key's entries begin."""
        return np.flatnonzero(np.concatenate([[True], self.keys[1:] != self.keys[:-1]])) if len(self.keys) else _NONE


_NONE = np.empty(0, dtype=np.int64)


def groups(sequences: Sequence[str], k: int) -> NDArray[np.int64]:
    """Group sequences that share a k-mer on either strand, directly or through others.

    Returns
    -------
    ndarray, int64, shape (N,)
        The first row of each row's group.

    Raises
    ------
    DataError
        k is out of range.
    """
    parent = np.arange(len(sequences))
    for shared in _shared(sequences, k):
        same = shared.keys[1:] == shared.keys[:-1]
        left, right = shared.rows[:-1][same].astype(np.int64), shared.rows[1:][same].astype(np.int64)
        edges = np.unique(left * len(sequences) + right)
        parent = _join(parent, edges // max(1, len(sequences)), edges % max(1, len(sequences)))
    return parent


def sharing(sequences: Sequence[str], marked: NDArray[np.bool_], k: int) -> NDArray[np.bool_]:
    """Which sequences share a k-mer, or the whole of themselves, with a marked one directly, on either strand.

    A marked sequence shares with itself.

    Parameters
    ----------
    sequences : sequence of str, length N
    marked : ndarray, bool, shape (N,)

    Raises
    ------
    DataError
        k is out of range.
    """
    bits, found = marked.astype(np.uint8), np.zeros(len(sequences), dtype=np.uint8)
    for shared in _shared(sequences, k):
        _spread(shared, bits, found)
    return found > 0


def leaks(sequences: Sequence[str], splits: Sequence[str], k: int = 40) -> Leaks:
    """Count the rows of val and test that are found again in train, and those of test in val.

    Parameters
    ----------
    sequences : sequence of str, length N
    splits : sequence of str, length N
        `train`, `val`, `test`; rows of any other split do not count.
    k : int
        1-64.

    Raises
    ------
    DataError
        k is out of range, or as many splits as sequences are not given.
    """
    if len(sequences) != len(splits):
        raise DataError(f"splits: {len(splits)} for {len(sequences)} sequences; expected one each")
    # A row's split as one bit; what splits a key occurs in is then the bits of its rows together.
    bits = np.array([1 << SPLITS.index(split) if split in SPLITS else 0 for split in splits], dtype=np.uint8)
    sharing = np.zeros(len(sequences), dtype=np.uint8)
    short = np.ones(len(sequences), dtype=bool)
    for place, shared in enumerate(_shared(sequences, k)):
        if place == 0:
            short[shared.rows] = False
        _spread(shared, bits, sharing)
    identical = np.zeros(len(sequences), dtype=np.uint8)
    _spread(_wholes(sequences), bits, identical)
    found = [
        Leak(
            *(
                int(np.count_nonzero((bits == _bit(split)) & (where & _bit(other) > 0)))
                for where in (sharing, identical)
            )
        )
        for split, other in _PAIRS
    ]
    return Leaks(k, found[0], found[1], found[2], int(np.count_nonzero(short & (bits > 0))))


def _bit(split: str) -> int:
    return 1 << SPLITS.index(split)


def _spread(shared: _Shared, bits: NDArray[np.uint8], found: NDArray[np.uint8]) -> None:
    """Give every row the bits of all rows that it shares a key with."""
    starts = shared.starts()
    if not len(starts):
        return
    held = bits[shared.rows]
    counts = np.diff(np.append(starts, len(shared.keys)))
    to_own = np.repeat(np.bitwise_or.reduceat(held, starts), counts)
    to_others = np.repeat(np.bitwise_or.reduceat(np.where(shared.own, held, 0), starts), counts)
    np.bitwise_or.at(found, shared.rows, np.where(shared.own, to_own, to_others))


def _shared(sequences: Sequence[str], k: int) -> Iterator[_Shared]:
    """What rows may share: k-mers first, then short rows wherever they lie, then whole sequences."""
    yield _by_key(*kmer_keys(sequences, k))
    lengths = np.array([len(bases) for bases in sequences], dtype=np.int64)
    for length in np.unique(lengths[(lengths < k) & (lengths > 0)]):
        inside = np.flatnonzero(lengths >= length)
        keys, places = kmer_keys([sequences[row] for row in inside.tolist()], int(length))
        rows = inside[places]
        own = lengths[rows] == length
        # Few keys among many: quicker than np.isin, which sorts them all.
        few = np.unique(keys[own])
        wanted = few[np.searchsorted(few, keys).clip(max=len(few) - 1)] == keys if len(few) else own
        yield _by_key(keys[wanted], rows[wanted].astype(np.int32), own[wanted])
    yield _wholes(sequences)


def _wholes(sequences: Sequence[str]) -> _Shared:
    """Whole sequences as keys, numbered as they come, the same for both strands."""
    numbers: dict[str, int] = {}
    keys = np.empty(len(sequences), dtype=np.uint64)
    for row, sequence in enumerate(sequences):
        bases = sequence.upper()
        keys[row] = numbers.setdefault(min(bases, reverse_complement(bases)), len(numbers))
    return _by_key(keys, np.arange(len(sequences), dtype=np.int32))


def _by_key(keys: NDArray[np.uint64], rows: NDArray[np.int32], own: NDArray[np.bool_] | None = None) -> _Shared:
    order = np.argsort(keys, kind="stable")
    return _Shared(keys[order], rows[order], np.ones(len(keys), dtype=bool) if own is None else own[order])


def _join(parent: NDArray[np.int64], left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Union of the groups at both ends of every edge; groups are named by their smallest row.

    All edges at once: the greater of two roots is hung below the smaller, then paths are halved until they are flat.
    """
    while True:
        a, b = parent[left], parent[right]
        apart = a != b
        if not apart.any():
            return parent
        left, right = left[apart], right[apart]
        np.minimum.at(parent, np.maximum(a, b)[apart], np.minimum(a, b)[apart])
        while not np.array_equal(parent, above := parent[parent]):
            parent = above
