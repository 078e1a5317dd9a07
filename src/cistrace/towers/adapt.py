"""Adapt a tower to measurements that it was not fitted on: its layers as they are, another last one.

What a tower has learnt of one assay's cell types it also sees for another: its last but one layer, mean of both
strands, is read off by a ridge regression a cell type (Hoerl & Kennard 1970; the penalty by leaving out one row at a
time, scikit-learn's `RidgeCV`). A few hundred rows are enough, where a tower from scratch wants tens of thousands.
`towers.tune` goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from cistrace.mpra.folds import Folds
from cistrace.mpra.table import MpraTable
from cistrace.towers.encoding import base_codes, one_hot, reverse_complement
from cistrace.towers.evidence import Towers
from cistrace.towers.legnet import LegNet
from cistrace.towers.residual import ResidualTower
from cistrace.towers.tower import Tower

AdaptableTower = LegNet | ResidualTower
"""The kinds that a checkpoint has: its estimator's, and the light one's."""
PENALTIES = np.logspace(-1, 5, 13)
ROWS = 256
SMALLEST_SPREAD = 1e-6  # of a feature that says nothing


@torch.inference_mode()
def features(tower: Tower, sequences: Sequence[str], window: int) -> NDArray[np.float64]:
    """What the last layer reads, mean of both strands: (N, features), of sequences of at most `window` bp."""
    tower.eval()
    codes, parts = base_codes(list(sequences), window), []
    for start in range(0, len(codes), ROWS):
        x = one_hot(codes[start : start + ROWS])
        parts.append(((tower.features_of(x) + tower.features_of(reverse_complement(x))) / 2).numpy())
    return np.concatenate(parts).astype(np.float64)


def adapted_by_fold(tower: LegNet, table: MpraTable, folds: Folds) -> tuple[tuple[Towers, ...], NDArray[np.bool_]]:
    """A tower adapted to a table for every fold, and one to all training rows where some row is of no fold.

    Parameters
    ----------
    folds : Folds
        Of the table's rows.

    Returns
    -------
    towers : tuple of Towers
    may_speak : ndarray, bool, shape (N, towers)
        Which of them speaks of which row: one a row, which never saw it.
    """
    window = max(tower.window, table.window)
    read = features(tower, table.sequences, window)
    speaking = np.unique(folds.own)
    each = []
    for fold in speaking.tolist():
        seen = folds.seen_by(fold)
        made = adapted(tower, table.cell_types, window, read[seen], table.activity[seen])
        each.append(Towers(made, made))
    return tuple(each), folds.own[:, None] == speaking


def adapted(
    tower: AdaptableTower,
    cell_types: tuple[str, ...],
    window: int,
    read: NDArray[np.float64],
    activity: NDArray[np.float64],
) -> AdaptableTower:
    """A tower of other cell types with all layers of `tower` but the last.

    Parameters
    ----------
    window : int
        bp that the new one reads.
    read : ndarray, float64, shape (N, features)
        `features` of the sequences measured.
    activity : ndarray, float64, shape (N, cell types)
        In whatever unit the new one shall speak; NaN where nothing was measured.
    """
    from sklearn.linear_model import RidgeCV  # of the extra `reasonbench`

    made = _of_cell_types(tower, cell_types, window)
    of_cell_types = (f"head.{len(tower.head) - 1}.", "location", "scale")
    kept = {name: value for name, value in tower.state_dict().items() if not name.startswith(of_cell_types)}
    made.load_state_dict({**made.state_dict(), **kept})
    location, spread = read.mean(axis=0), np.maximum(read.std(axis=0), SMALLEST_SPREAD)
    last = made.head[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        for cell in range(len(cell_types)):
            seen = np.isfinite(activity[:, cell])
            fit = RidgeCV(PENALTIES).fit((read[seen] - location) / spread, activity[seen, cell])
            slopes = fit.coef_ / spread
            last.weight[cell] = torch.from_numpy(slopes)
            last.bias[cell] = float(fit.intercept_ - slopes @ location)
    return made.eval()


def _of_cell_types(tower: AdaptableTower, cell_types: tuple[str, ...], window: int) -> AdaptableTower:
    """A new tower of the kind and shape of another."""
    with torch.random.fork_rng():
        if isinstance(tower, LegNet):
            return LegNet(replace(tower.config, cell_types=cell_types, window=window))
        return ResidualTower(replace(tower.config, cell_types=cell_types, window=window))
