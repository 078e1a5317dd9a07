"""What a table alone says of each TF: its known effects, and evidence without a tower, cross-fitted.

The effects are those of `cards.known_effects.associate` on the training split. The evidence of a row is the same
ridge fitted without the row's fold: the estimate is its prediction, a hit's contribution its TF's effect, shared among
the row's hits of that TF. It sees less than a tower does, but any table and any cell type has it within minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cistrace.cards.card import TfEffect
from cistrace.cards.composition import composition
from cistrace.cards.known_effects import FEWEST_ELEMENTS, EffectFit, KnownEffects, associate, ridges
from cistrace.errors import DataError
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.library import MotifLibrary
from cistrace.mpra.evidence_table import EvidenceOrigin, EvidenceTable, digests_of
from cistrace.mpra.table import MpraTable

FOLDS = 3
GROUPS = 20  # of sequences without chromosomes, in whose place they stand
PENALTY = 300.0  # chosen on val for the joint lentiMPRA table, cistrace.training.knowledge
MOST_ROWS = 60_000  # training rows in one fit; beyond, a sample: 1,000 coefficients need no more


@dataclass(frozen=True, eq=False)
class Carried:
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
    first: np.ndarray
    tf: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """Row of every hit: int64 (hits,)."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))


@dataclass(frozen=True, eq=False)
class Design:
    """What the fits see of every row: presence bool (N, TFs), covariates float64 (N, 3), groups (N,)."""

    tfs: tuple[str, ...]
    presence: np.ndarray
    covariates: np.ndarray
    groups: np.ndarray


def carried(found: Iterable[Sequence[MotifHit]], library: MotifLibrary) -> Carried:
    """The TFs of every row's hits."""
    names = tuple(sorted({motif.name for motif in library.motifs}))
    place = {name: index for index, name in enumerate(names)}
    rows = [[place[hit.name] for hit in hits] for hits in found]
    flat = np.fromiter((index for row in rows for index in row), dtype=np.int16)
    return Carried(names, np.cumsum([0, *map(len, rows)]), flat)


def design(table: MpraTable, hits: Carried) -> Design:
    """Presence of every TF that enough rows carry; GC, its square, CpG; chromosomes, or groups in their place."""
    presence = np.zeros((len(table), len(hits.names)), dtype=bool)
    presence[hits.rows, hits.tf] = True
    kept = np.flatnonzero(presence.sum(axis=0) >= FEWEST_ELEMENTS)
    measured = [composition(bases) for bases in table.sequences]
    gc, cpg = np.array([entry.gc for entry in measured]), np.array([entry.cpg for entry in measured])
    covariates = np.stack([gc, gc**2, cpg], axis=1)
    return Design(tuple(hits.names[at] for at in kept), presence[:, kept], covariates, _groups(table))


def _groups(table: MpraTable) -> np.ndarray:
    """Chromosomes where at least as many are known as there are folds, else groups drawn by content."""
    if len({name for name in table.chromosomes if name}) >= FOLDS and all(table.chromosomes):
        return np.array(table.chromosomes)
    return np.array([f"group{int(digest) % GROUPS}" for digest in digests_of(table.sequences)])


def fit_known_effects(table: MpraTable, training: np.ndarray, made: Design) -> KnownEffects:
    """Effect and error of every TF in every cell type, from the training rows.

    Parameters
    ----------
    training : ndarray of bool, shape (N,)

    Raises
    ------
    DataError
        Fewer than two groups of training rows: no error can be made by leaving one out.
    """
    rows = _sample(np.flatnonzero(training))
    if len(np.unique(made.groups[rows])) < 2:
        raise DataError("table: its training rows lie on one chromosome; expected several; check the chromosome column")
    effects = {}
    for cell, name in enumerate(table.cell_types):
        fit = associate(
            made.presence[rows], made.covariates[rows], table.activity[rows, cell], made.groups[rows], PENALTY
        )
        effects[name] = _table(made.tfs, fit)
    return KnownEffects(effects)


def _table(tfs: tuple[str, ...], fit: EffectFit) -> dict[str, TfEffect]:
    """At the 4 decimals at which a knowledge table states them."""
    pairs = zip(tfs, fit.effects.round(4).tolist(), fit.errors.round(4).tolist(), strict=True)
    return {tf: TfEffect(effect, error) for tf, effect, error in pairs}


def _sample(rows: np.ndarray) -> np.ndarray:
    if len(rows) <= MOST_ROWS:
        return rows
    return np.sort(np.random.default_rng(0).permutation(rows)[:MOST_ROWS])


def association_evidence(
    table: MpraTable, training: np.ndarray, hits: Carried, made: Design, about: EvidenceOrigin
) -> EvidenceTable:
    """Evidence of every row from the training rows of the other folds; of rows outside training, from all of them."""
    fold = np.where(training, fold_of(made.groups), -1)
    estimates = np.zeros((len(table), len(table.cell_types)), dtype=np.float32)
    contributions = np.zeros((len(hits.tf), len(table.cell_types)), dtype=np.float32)
    row_of, column, share = hits.rows, _columns(hits, made), _shares(hits)
    for held in np.unique(fold):
        of, source = np.flatnonzero(fold == held), _sample(np.flatnonzero(training & (fold != held)))
        mine = fold[row_of] == held
        for cell in range(len(table.cell_types)):
            (fit,) = ridges(made.presence[source], made.covariates[source], table.activity[source, cell], (PENALTY,))
            estimates[of, cell] = fit.predict(made.presence[of], made.covariates[of])
            effects = np.append(fit.effects, 0.0)  # the last for TFs without one
            contributions[mine, cell] = effects[column[mine]] * share[mine]
    return EvidenceTable(digests_of(table.sequences), estimates, hits.first, contributions, about)


def _columns(hits: Carried, made: Design) -> np.ndarray:
    """Of every hit the column of its TF in the design, one past the last where it has none: int64 (hits,)."""
    column = {name: place for place, name in enumerate(made.tfs)}
    return np.array([column.get(name, len(made.tfs)) for name in hits.names])[hits.tf]


def _shares(hits: Carried) -> np.ndarray:
    """Of every hit one over the number of its row's hits of the same TF: float64 (hits,)."""
    pair = hits.rows * len(hits.names) + hits.tf
    _, place, counts = np.unique(pair, return_inverse=True, return_counts=True)
    return 1.0 / counts[place]


def fold_of(groups: np.ndarray) -> np.ndarray:
    """A fold a row, whole groups together, the largest group first to the emptiest fold: int64 (N,)."""
    names, place, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    load, of_group = [0] * FOLDS, np.zeros(len(names), dtype=np.int64)
    for group in sorted(range(len(names)), key=lambda at: (-int(sizes[at]), str(names[at]))):
        of_group[group] = load.index(min(load))
        load[of_group[group]] += int(sizes[group])
    return of_group[place]
