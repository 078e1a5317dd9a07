"""The judge of designs: a tower of another kind than those that estimate, fitted on half of the training chromosomes.

What a search finds in the model that it asks may be that model's own error. A model of another architecture that saw
neither the same elements nor relatives of the others is wrong elsewhere: its word on designs is independent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from cistrace.io.files import whole_file
from cistrace.mpra.table import MpraTable
from cistrace.towers.cross_fit import tower_rows
from cistrace.towers.dilated import DilatedConfig, DilatedTower
from cistrace.towers.fit import fit_tower
from cistrace.towers.judge import CHROMOSOMES, VAL, save_judge
from cistrace.towers.pool import SingleElement
from cistrace.towers.recipe import JudgeRecipe

log = logging.getLogger(__name__)

FOLDS = 2  # that training chromosomes are dealt to; the judge learns from all rows but the first fold's and relatives
FOLD = 0
NAME = "judge"


def train_judge(
    table: MpraTable, further: Sequence[SingleElement], recipe: JudgeRecipe, state: Path, file: Path,
    threads: Callable[[], int] | None = None,
) -> dict[str, float]:  # fmt: skip
    """Fit the judge and write its file; what an earlier fit left in `state` is gone on from.

    Parameters
    ----------
    table : MpraTable
        All rows of the data set. Val is watched and chooses nothing; of val and test the bases alone are scored, so
        that scores can be told as percentiles among natural elements.
    further : sequence of SingleElement
        Further measurements that may train (`towers.pool.admit`).
    state, threads
        As `fit_tower` takes them; `state` is removed when the file stands.

    Returns
    -------
    dict
        Pearson on val by cell type.
    """
    rows = tower_rows(table, further, FOLDS)
    pooled, seen = rows.seen_by(FOLD)
    chromosomes = sorted({pooled.chromosomes[row] for row in seen})
    log.info("judge: learns from %d of %d rows, of %s", len(seen), len(rows.places), " ".join(chromosomes))
    torch.manual_seed(recipe.seed)
    tower = DilatedTower(DilatedConfig(table.cell_types, window=table.window, dropout=recipe.dropout))
    fitted = fit_tower(tower, NAME, seen, pooled, rows.val, recipe, state, recipe.seed, threads=threads)
    held_out = np.flatnonzero(np.isin(table.splits, ("val", "test")))
    notes = {CHROMOSOMES: " ".join(chromosomes), VAL: " ".join(f"{value:.4f}" for value in fitted.val)}
    with whole_file(file) as part:
        save_judge(fitted.tower, part, [table.sequences[row] for row in held_out], notes)
    state.unlink(missing_ok=True)
    return dict(zip(table.cell_types, fitted.val, strict=True))
