"""All towers of a run: a light one a fold, which sees no row of the fold and no relative of one; on all training rows
another light one, and LegNet.

A training row's evidence comes from the tower of its own fold (`mpra.folds`). New sequences get their activity from
LegNet and their contributions from the light tower that saw all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from cistrace.mpra.dealt_rows import DealtRows
from cistrace.mpra.folds import FOLDS, deal_folds
from cistrace.mpra.table import MpraTable
from cistrace.towers.fit import FittedTower, fit_tower
from cistrace.towers.fold_towers import fold_name
from cistrace.towers.legnet import LegNet, LegNetConfig
from cistrace.towers.pool import SingleElement, pool
from cistrace.towers.pretraining import start_from
from cistrace.towers.recipe import TowerRecipe
from cistrace.towers.residual import ResidualConfig, ResidualTower

WHOLE, LEGNET = "whole", "legnet"
"""The two towers on all training rows: they contribute, and estimate, for new sequences."""


@dataclass(frozen=True)
class TowerJob:
    """One tower to fit. `fold` is -1 for the two that see all; `number` is part of the seed."""

    name: str
    number: int
    fold: int


def tower_jobs(folds: int) -> list[TowerJob]:
    """Every tower of a run."""
    names = (*((fold_name(fold), fold) for fold in range(folds)), (WHOLE, -1), (LEGNET, -1))
    return [TowerJob(name, number, fold) for number, (name, fold) in enumerate(names)]


def tower_names(folds: int) -> tuple[str, ...]:
    """The names of a run's towers."""
    return tuple(job.name for job in tower_jobs(folds))


@dataclass(frozen=True, eq=False)
class TowerRows:
    """What the towers of a run learn from, and which of it each may see.

    Attributes
    ----------
    training, val : MpraTable
    further : tuple of SingleElement
        Further measurements of the same assay.
    dealt : DealtRows
        All rows of the data set, then the elements that `further` alone has.
    places : ndarray, int64, shape (rows of `training` and such elements,)
        Of the rows of the pooled table in `dealt`.
    """

    training: MpraTable
    val: MpraTable
    further: tuple[SingleElement, ...]
    dealt: DealtRows
    places: NDArray[np.int64]

    def seen_by(self, fold: int) -> tuple[MpraTable, NDArray[np.int64]]:
        """The pooled table, and the rows of it that the tower of a fold may see; of -1 all.

        The scale of further measurements is set by rows that the tower may see as well.
        """
        folds = self.dealt.folds.take(self.places)
        rows = folds.seen_by(fold)
        allowed = np.zeros(len(self.places), dtype=bool)
        allowed[rows] = True
        return pool(self.training, self.further, allowed[: len(self.training)]), rows


def tower_rows(table: MpraTable, further: Sequence[SingleElement], folds: int) -> TowerRows:
    """Deal the rows of a data set, all splits, and further elements to folds.

    Parameters
    ----------
    table : MpraTable
        `splits` are train, val and test.
    further : sequence of SingleElement
        Those that may train: see `pool.admit`.
    """
    splits = np.array(table.splits)
    train = np.flatnonzero(splits == "train")
    training = table.take(train)
    pooled = pool(training, further)
    fresh = pooled.take(np.arange(len(train), len(pooled)))
    sequences = (*table.sequences, *fresh.sequences)
    chromosomes = (*table.chromosomes, *fresh.chromosomes)
    trains = np.concatenate([splits == "train", np.ones(len(fresh), dtype=bool)])
    dealt = DealtRows(sequences, chromosomes, deal_folds(sequences, chromosomes, trains, folds or FOLDS))
    places = np.concatenate([train, len(table) + np.arange(len(fresh))])
    return TowerRows(training, table.split("val"), tuple(further), dealt, places)


def new_tower(name: str, cell_types: tuple[str, ...], window: int, dropout: float, seed: int) -> ResidualTower | LegNet:
    """An untrained tower of the kind that its name asks for; the seed fixes its weights."""
    torch.manual_seed(seed)
    if name == LEGNET:
        return LegNet(LegNetConfig(cell_types, window=window, dropout=dropout))
    return ResidualTower(ResidualConfig(cell_types, window=window, dropout=dropout))


def fit_job(
    job: TowerJob, rows: TowerRows, recipe: TowerRecipe, window: int, state: Path, body: LegNet | None = None,
    threads: Callable[[], int] | None = None,
) -> FittedTower:  # fmt: skip
    """Fit one tower on what it may see.

    Parameters
    ----------
    window : int
        bp.
    body : LegNet, optional
        Pretrained; LegNet starts from it.
    state, threads
        See `fit_tower`.
    """
    fit_recipe = recipe.legnet if job.name == LEGNET else recipe.light
    seed = recipe.seed * 100 + job.number
    tower = new_tower(job.name, rows.training.cell_types, window, fit_recipe.dropout, seed)
    if body is not None and isinstance(tower, LegNet):
        start_from(tower, body)
    table, seen = rows.seen_by(job.fold)
    return fit_tower(tower, job.name, seen, table, rows.val, fit_recipe, state, seed, threads=threads)
