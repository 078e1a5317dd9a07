"""What a table alone says of each TF: its known effects, and evidence without a tower, both cross-fitted.

One ridge (`mpra.effects`) a fold of `mpra.folds`, and one on all training rows, which new sequences get. The estimate
of a row is the prediction of its own fold's ridge, which is a sum already: a hit is worth that ridge's effect of its
TF, shared among the row's hits of that TF, a site what its hits are worth, and the known effects on its card are that
ridge's too. It sees less than a tower does, but any table and any cell type has it within minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.card import TfEffect
from cistrace.cards.evidence import MOST_TOLD, SequenceEvidence
from cistrace.cards.found import found_motifs
from cistrace.cards.known_effects import KnownEffects
from cistrace.io.track import Track, untracked
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.scanner import site_scanner
from cistrace.mpra.effects import BLOCK, Design, EffectFit, fit_effects
from cistrace.mpra.evidence_table import EvidenceOrigin, EvidenceTable, table_of
from cistrace.mpra.folds import Folds
from cistrace.mpra.table import MpraTable

PENALTY = 300.0  # of 30, 100, 300 and 1,000 the best on val for the joint lentiMPRA table: docs/experiments.md
MOST_ROWS = 60_000  # training rows in one fit; beyond, a sample: 1,000 coefficients need no more


@dataclass(frozen=True, eq=False)
class Associations:
    """The fits of a table.

    Attributes
    ----------
    design : Design
    folds : Folds
        A row of own fold -1 takes the last fit.
    fits : tuple of (EffectFit a cell type), one a fold, then that on all training rows
    """

    design: Design
    folds: Folds
    fits: tuple[tuple[EffectFit, ...], ...]

    def known_effects(self, cell_types: Sequence[str]) -> tuple[KnownEffects, ...]:
        """Of every fit, by cell type and TF, at the 4 decimals at which a file of known effects states them."""
        return tuple(
            KnownEffects({name: _stated(self.design.tfs, fit) for name, fit in zip(cell_types, fits, strict=True)})
            for fits in self.fits
        )

    def evidence(self, sequences: Sequence[str], origin: EvidenceOrigin, progress: Track = untracked) -> EvidenceTable:
        """The estimate of every row as a sum over its sites, from the fit that saw neither it nor a relative."""
        hits, own = self.design.hits, self.folds.own
        column, share, row_of = self.design.column[hits.tf], hits.shares(), hits.rows
        estimates = np.zeros((len(own), len(origin.cell_types)), dtype=np.float32)
        worth = np.zeros((len(hits.tf), len(origin.cell_types)), dtype=np.float32)
        for fold in np.unique(own):
            fits, rows, of_hits = self.fits[fold], np.flatnonzero(own == fold), own[row_of] == fold
            whole = np.stack([np.concatenate([fit.effects, fit.others]) for fit in fits], axis=1)
            for begin in range(0, len(rows), BLOCK):
                block = rows[begin : begin + BLOCK]
                estimates[block] = self.design.matrix(block) @ whole
            effects = np.stack([np.append(fit.effects, 0.0) for fit in fits], axis=1)  # the last: TFs left out
            worth[of_hits] = effects[column[of_hits]] * share[of_hits, None]
        found: list[SequenceEvidence] = []
        blocks = range(0, len(sequences), BLOCK)
        for begin in progress(blocks, f"blocks of {BLOCK} sequences told by sites", len(blocks)):
            for row, scanned in enumerate(site_scanner().scan(list(sequences[begin : begin + BLOCK])), begin):
                part = worth[hits.first[row] : hits.first[row + 1]]
                found.append(_additive(scanned, part, estimates[row]))
        return table_of(sequences, found, own, origin)


def _additive(
    scanned: Sequence[MotifHit], worth: NDArray[np.float32], estimate: NDArray[np.float32]
) -> SequenceEvidence:
    """A sum over hits as one over the sites that hold them; `worth` is of the hits that survive overlaps."""
    motifs = found_motifs(scanned)
    place_of = {hit: place for place, site in enumerate(motifs.sites) for hit in (site.hit, *site.others)}
    amounts = np.zeros((len(motifs.sites), len(estimate)), dtype=np.float32)
    for hit, value in zip(motifs.hits, worth, strict=True):
        amounts[place_of[hit]] += value
    order = np.argsort(-np.abs(amounts).max(axis=1, initial=0.0), kind="stable")[:MOST_TOLD].tolist()
    backdrop = estimate - amounts.sum(axis=0)
    return SequenceEvidence(estimate, backdrop, tuple(order), amounts[order], None, np.zeros_like(estimate))


def fit_associations(table: MpraTable, design: Design, folds: Folds) -> Associations:
    """Fit every fold, and all training rows.

    Parameters
    ----------
    design, folds
        Of the table's rows, shape (N,).

    Raises
    ------
    DataError
        Too few rows are left for a fit.
    """
    fits = tuple(
        tuple(fit_effects(design, _sample(folds.seen_by(fold)), table.activity, folds.blocks, PENALTY))
        for fold in (*range(folds.count), -1)
    )
    return Associations(design, folds, fits)


def _stated(tfs: tuple[str, ...], fit: EffectFit) -> dict[str, TfEffect]:
    pairs = zip(tfs, fit.effects.round(4).tolist(), fit.errors.round(4).tolist(), strict=True)
    return {tf: TfEffect(effect, error) for tf, effect, error in pairs}


def _sample(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    if len(rows) <= MOST_ROWS:
        return rows
    return np.sort(np.random.default_rng(0).permutation(rows)[:MOST_ROWS])
