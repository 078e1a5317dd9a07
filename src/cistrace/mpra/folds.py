"""Which rows a fit may not see: the one rule of cross-fitting, for towers, associations and known effects alike.

What is said of a row comes from a fit that saw neither the row's chromosome nor any relative of it. Relatives share
`RELATED` bases on either strand, directly or through others, on whatever chromosomes they lie.

- Chromosomes are dealt to folds whole, the largest first to the emptiest fold; rows that state none count as one.
- A fit leaves out the rows on its fold's chromosomes and, wherever they lie, all relatives of these.
- A row on the border of two chromosomes (`chr1-chr10`) is left out with either. What is said of it comes from one of
  these fits, and where two folds hold the sides that fit saw the other side's chromosome: the row is `torn`.
- Where chromosomes cannot be dealt at all evenly (few of them, most rows on one, or none stated), families of relatives
  are dealt in their place, known by their bases. So the same rows fall into the same folds whatever their order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import DataError
from cistrace.io.regions import reverse_complement
from cistrace.mpra.chromosomes import NOWHERE, chromosome_places
from cistrace.mpra.homology import groups

RELATED = 40
"""Bases that relatives share, on either strand."""
FOLDS = 3
FEWEST_ROWS = 10
"""Training rows below which a fit says nothing."""
FEWEST_BLOCKS, BUCKETS = 10, 20
"""Chromosomes that an error by leaving out one at a time needs; groups of families where there are fewer."""
_CROWDED = 1.5
"""Times its even share that a fold's chromosomes may hold."""

Rule = Literal["chromosomes", "relatives"]


@dataclass(frozen=True, eq=False)
class Folds:
    """Every row's fold, and which fits may not see it.

    Attributes
    ----------
    rule : Rule
        What was dealt: whole chromosomes, or families of relatives.
    training : ndarray, bool, shape (N,)
    own : ndarray, int64, shape (N,)
        The fold whose fit speaks of the row; -1 where no training row lies on its chromosome or is its relative, so
        that a fit on all training rows may.
    barred : ndarray, bool, shape (N, folds)
        Whether the fit of a fold must not see the row.
    torn : ndarray, bool, shape (N,)
        Rows on a border whose sides two folds hold.
    family : ndarray, int64, shape (N,)
        The first row of each row's relatives.
    blocks : ndarray, int64, shape (N,)
        What an error is made by leaving out one at a time: chromosomes, or families by their bases, 20 lots of them.
    """

    rule: Rule
    training: NDArray[np.bool_]
    own: NDArray[np.int64]
    barred: NDArray[np.bool_]
    torn: NDArray[np.bool_]
    family: NDArray[np.int64]
    blocks: NDArray[np.int64]

    @property
    def count(self) -> int:
        return int(self.barred.shape[1])

    def seen_by(self, fold: int) -> NDArray[np.int64]:
        """The training rows that the fit of a fold is made on, rising; for -1 all training rows.

        Raises
        ------
        DataError
            Fewer than 10 are left.
        """
        rows = np.flatnonzero(self.training if fold < 0 else self.training & ~self.barred[:, fold])
        if len(rows) < FEWEST_ROWS:
            raise DataError(
                f"table: {len(rows)} of its {int(self.training.sum()):,} training rows are left for a fit that has "
                f"not seen the others' relatives (sharing {RELATED} bases) or chromosomes, expected {FEWEST_ROWS} or "
                "more; add unrelated elements, or do without evidence"
            )
        return rows

    def take(self, rows: NDArray[np.integer]) -> Folds:
        """The folds of some rows, as they were dealt among all."""
        return Folds(
            self.rule,
            self.training[rows],
            self.own[rows],
            self.barred[rows],
            self.torn[rows],
            self.family[rows],
            self.blocks[rows],
        )


def deal_folds(
    sequences: Sequence[str], chromosomes: Sequence[str], training: NDArray[np.bool_], count: int = FOLDS
) -> Folds:
    """Deal rows to folds. Labels play no part, nor does the order of the rows.

    Parameters
    ----------
    sequences : sequence of str, length N
        Bases in any case.
    chromosomes : sequence of str, length N
        As the table has them.
    training : ndarray, bool, shape (N,)
        The others are in no fit, but link relatives, and get the fold of their chromosome or relatives.
    count : int
        Folds, at least 2.

    Raises
    ------
    DataError
        Fewer families of related training rows than folds.
    """
    family = groups(sequences, RELATED)
    places = [chromosome_places(text) for text in chromosomes]
    names = np.array([canonical_digest(bases) for bases in sequences], dtype=np.uint64)
    label = _smallest(family, names)
    fold_of = _deal_chromosomes(places, training, count)
    if fold_of is None:
        rule: Rule = "relatives"
        held = _one_hot(_deal_families(family, label, training, count), count)
    else:
        rule = "chromosomes"
        held = np.zeros((len(places), count), dtype=bool)
        for row, lies in enumerate(places):
            for name in lies:
                if name in fold_of:
                    held[row, fold_of[name]] = True
    barred = np.zeros_like(held)
    np.logical_or.at(barred, family, held)
    barred = barred[family]
    # A row on no dealt chromosome goes with its relatives.
    candidates = np.where(held.any(axis=1, keepdims=True), held, barred)
    own = np.where(candidates.any(axis=1), candidates.argmax(axis=1), -1)
    torn = held.sum(axis=1) > 1
    return Folds(rule, training, own, barred, torn, family, _blocks(rule, places, label))


def canonical_digest(bases: str) -> int:
    """First 8 bytes of BLAKE2b of the lesser strand, upper-case, as a number: the same for both strands."""
    upper = bases.upper()
    return int.from_bytes(_digest(min(upper, reverse_complement(upper)).encode()), "little")


def _digest(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=8).digest()


def _smallest(family: NDArray[np.int64], names: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The smallest digest in each row's family."""
    found = np.full(len(family), np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(found, family, names)
    return found[family]


def _deal_chromosomes(
    places: Sequence[tuple[str, ...]], training: NDArray[np.bool_], count: int
) -> dict[str, int] | None:
    """The fold of every chromosome; None where no dealing is at all even."""
    sizes: dict[str, int] = {}
    for lies, trains in zip(places, training.tolist()):
        for name in lies if trains else ():
            sizes[name] = sizes.get(name, 0) + (len(lies) == 1)
    if sum(size > 0 for size in sizes.values()) < count or set(sizes) == {NOWHERE}:
        return None
    order = sorted(sizes, key=lambda name: (-sizes[name], name))
    folds, load = _emptiest([sizes[name] for name in order], count)
    return dict(zip(order, folds)) if max(load) * count <= _CROWDED * sum(load) else None


def _deal_families(
    family: NDArray[np.int64], label: NDArray[np.uint64], training: NDArray[np.bool_], count: int
) -> NDArray[np.int64]:
    """The fold of every row by its family; -1 where no training row is of it."""
    roots, sizes = np.unique(family[training], return_counts=True)
    if len(roots) < count:
        raise DataError(
            f"table: its training rows are {len(roots)} families of relatives (sharing {RELATED} bases), expected "
            f"{count} or more, so that what is said of a row can come from others; add unrelated elements, or do "
            "without evidence"
        )
    order = np.lexsort((label[roots], -sizes))
    fold_of = np.full(len(family), -1, dtype=np.int64)
    fold_of[roots[order]] = _emptiest(sizes[order].tolist(), count)[0]
    return fold_of[family]


def _emptiest(sizes: Sequence[int], count: int) -> tuple[list[int], list[int]]:
    """Each piece to the fold that holds least so far, the first of equals; and what the folds then hold."""
    load, folds = [0] * count, []
    for size in sizes:
        folds.append(load.index(min(load)))
        load[folds[-1]] += size
    return folds, load


def _one_hot(fold_of: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    return fold_of[:, None] == np.arange(count)


def _blocks(rule: Rule, places: Sequence[tuple[str, ...]], label: NDArray[np.uint64]) -> NDArray[np.int64]:
    if rule == "chromosomes" and len({lies for lies in places if len(lies) == 1}) >= FEWEST_BLOCKS:
        return np.unique(["-".join(lies) for lies in places], return_inverse=True)[1].astype(np.int64)
    return (label % np.uint64(BUCKETS)).astype(np.int64)
