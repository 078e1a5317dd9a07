"""A ridge regression of activity on which motifs a sequence carries, with errors by leaving groups out.

Presence of every TF's motif is penalised; GC, its square, CpG and an intercept stand beside it unpenalised. Rows are
read in blocks and only sums over them are kept, so memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.composition import composition
from cistrace.cards.known_effects import FEWEST_ELEMENTS
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.library import MotifLibrary

BLOCK = 4096  # rows held as numbers at once
COVARIATES = 4  # GC, its square, CpG observed/expected, one


@dataclass(frozen=True, eq=False)
class CarriedMotifs:
    """Which TFs' motifs every row carries: those of row i are tf[first[i]:first[i + 1]], in the order of its hits.

    Attributes
    ----------
    names : tuple of str
        TF names, sorted.
    first : ndarray, int64, shape (N + 1,)
    tf : ndarray, int16, shape (hits,)
        Places in `names`.
    """

    names: tuple[str, ...]
    first: NDArray[np.int64]
    tf: NDArray[np.int16]

    @property
    def rows(self) -> NDArray[np.int64]:
        """Row of every hit: shape (hits,)."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    def shares(self) -> NDArray[np.float64]:
        """Of every hit one over the number of its row's hits of the same TF: shape (hits,)."""
        pair = self.rows * len(self.names) + self.tf
        _, place, counts = np.unique(pair, return_inverse=True, return_counts=True)
        return 1.0 / counts[place]


def carried_motifs(found: Iterable[Sequence[MotifHit]], library: MotifLibrary) -> CarriedMotifs:
    """The TFs of every row's hits, rows in their order."""
    names = tuple(sorted({motif.name for motif in library.motifs}))
    place = {name: index for index, name in enumerate(names)}
    first, flat = [0], []
    for hits in found:
        flat.append(np.array([place[hit.name] for hit in hits], dtype=np.int16))
        first.append(first[-1] + len(hits))
    return CarriedMotifs(names, np.array(first), np.concatenate([np.empty(0, dtype=np.int16), *flat]))


@dataclass(frozen=True, eq=False)
class Design:
    """What a fit reads of every row.

    Attributes
    ----------
    tfs : tuple of str
        Those whose motif at least 20 rows carry, sorted.
    elements : ndarray, int64, shape (TFs,)
        How many rows carry it.
    column : ndarray, int64, shape (names of `hits`,)
        Of every TF name its column, one past the last for those left out.
    covariates : ndarray, float64, shape (N, 4)
    """

    hits: CarriedMotifs
    tfs: tuple[str, ...]
    elements: NDArray[np.int64]
    column: NDArray[np.int64]
    covariates: NDArray[np.float64]

    def matrix(self, rows: NDArray[np.integer]) -> NDArray[np.float64]:
        """Presence, 0 or 1, then covariates, of some rows: shape (rows, TFs + 4)."""
        counts = self.hits.first[rows + 1] - self.hits.first[rows]
        at = np.repeat(self.hits.first[rows] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        held = np.zeros((len(rows), len(self.tfs) + 1))
        held[np.repeat(np.arange(len(rows)), counts), self.column[self.hits.tf[at + np.arange(len(at))]]] = 1.0
        return np.hstack([held[:, :-1], self.covariates[rows]])


def design_of(sequences: Sequence[str], hits: CarriedMotifs) -> Design:
    """The design of the rows of a table; shape (N,) of both."""
    pairs = np.unique(hits.rows * len(hits.names) + hits.tf) % max(1, len(hits.names))
    elements = np.bincount(pairs, minlength=len(hits.names))
    kept = np.flatnonzero(elements >= FEWEST_ELEMENTS)
    column = np.full(len(hits.names), len(kept))
    column[kept] = np.arange(len(kept))
    found = [composition(bases) for bases in sequences]
    covariates = np.array([(entry.gc, entry.gc**2, entry.cpg, 1.0) for entry in found]).reshape(-1, COVARIATES)
    return Design(hits, tuple(hits.names[at] for at in kept), elements[kept], column, covariates)


@dataclass(frozen=True, eq=False)
class EffectFit:
    """What one fit found in one cell type, in the units of the activity.

    Attributes
    ----------
    effects, errors : ndarray, float64, shape (TFs,)
        Coefficients of presence, and their standard errors by the jackknife.
    others : ndarray, float64, shape (4,)
        Coefficients of the covariates.
    """

    effects: NDArray[np.float64]
    errors: NDArray[np.float64]
    others: NDArray[np.float64]


def fit_effects(
    design: Design,
    rows: NDArray[np.integer],
    activity: NDArray[np.float64],
    blocks: NDArray[np.integer],
    penalty: float,
) -> list[EffectFit]:
    """One fit a cell type, errors by leaving out one block at a time (delete-one jackknife, Efron & Stein 1981).

    Parameters
    ----------
    rows : ndarray, int64, shape (n,)
        Rows of the design that the fit may see.
    activity : ndarray, shape (N, cell types)
        Of all rows; those that are NaN are left out, cell type by cell type.
    blocks : ndarray, shape (N,)
        Of all rows.
    penalty : float
        Added to the diagonal of the presence part.
    """
    whole = _sums(design, rows, activity)
    tfs = len(design.tfs)
    best = _solved(whole, tfs, penalty)
    left_out = []
    for block in np.unique(blocks[rows]):
        gram, moment = _sums(design, rows[blocks[rows] == block], activity)
        left_out.append(_solved((whole[0] - gram, whole[1] - moment), tfs, penalty)[:, :tfs])
    spread = np.array(left_out)
    count = len(spread)
    errors = np.sqrt((count - 1) / count * np.square(spread - spread.mean(axis=0)).sum(axis=0))
    return [EffectFit(found[:tfs], error, found[tfs:]) for found, error in zip(best, errors, strict=True)]


_Sums = tuple[NDArray[np.float64], NDArray[np.float64]]


def _sums(design: Design, rows: NDArray[np.integer], activity: NDArray[np.float64]) -> _Sums:
    """X'X (cell types, P, P) and X'y (cell types, P) over the rows that each cell type was measured in."""
    cells, size = activity.shape[1], len(design.tfs) + COVARIATES
    gram, moment = np.zeros((cells, size, size)), np.zeros((cells, size))
    for begin in range(0, len(rows), BLOCK):
        block = rows[begin : begin + BLOCK]
        x, y = design.matrix(block), activity[block]
        seen = np.isfinite(y)
        whole = seen.all(axis=1)
        # Nearly all rows are measured in every cell type: their product is made once.
        gram += x[whole].T @ x[whole]
        for cell in range(cells):
            more = x[seen[:, cell] & ~whole]
            gram[cell] += more.T @ more
            moment[cell] += x[seen[:, cell]].T @ y[seen[:, cell], cell]
    return gram, moment


def _solved(sums: _Sums, tfs: int, penalty: float) -> NDArray[np.float64]:
    """Coefficients: shape (cell types, P)."""
    gram, moment = sums
    # The smallest amount that keeps the covariates' part solvable when one of them is constant.
    ridge = np.where(np.arange(gram.shape[1]) < tfs, penalty, 0.0) + 1e-6
    return np.linalg.solve(gram + np.diag(ridge), moment[:, :, None])[:, :, 0].astype(np.float64, copy=False)
