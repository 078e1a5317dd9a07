"""All towers of a run: a light one a fold, which sees every training chromosome but the fold's own; on the whole
training split another light one, and LegNet.

For a training row the evidence comes from the tower of its own fold, which never saw its chromosome. New sequences get
their activity from LegNet and their contributions from the light tower that saw all. On CPUs towers are fitted side by
side, one process and one thread each, the fastest way on a few cores.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import torch

from cistrace.io.cores import one_thread
from cistrace.io.files import whole_file
from cistrace.mpra.table import MpraTable, chromosome_folds
from cistrace.reasonbench.dataset import DataSet, read_data_set
from cistrace.towers.files import save_tower
from cistrace.towers.fit import LEGNET, fit_tower, new_tower, rows_outside
from cistrace.towers.pool import pool, read_further
from cistrace.towers.recipe import TowerRecipe
from cistrace.training.run import Run

log = logging.getLogger(__name__)
WHOLE = "whole"


@dataclass(frozen=True)
class Job:
    """One tower to fit."""

    name: str
    number: int
    held_out: tuple[str, ...]


def tower_names(folds: int) -> tuple[str, ...]:
    return (*(f"fold{fold}" for fold in range(folds)), WHOLE, LEGNET)


def jobs(training: MpraTable, folds: int) -> list[Job]:
    """Every tower of a run with the chromosomes that it must not see."""
    fold_of = dict(zip(training.chromosomes, chromosome_folds(training, folds).tolist()))
    return [
        Job(name, number, tuple(sorted(place for place, fold in fold_of.items() if name == f"fold{fold}")))
        for number, name in enumerate(tower_names(folds))
    ]


def train_towers(data: DataSet, recipe: TowerRecipe, run: Run, workers: int) -> None:
    """Fit the towers that the run does not hold yet; val Pearson per cell type of each goes to the run's metrics."""
    wanted = [job for job in jobs(data.training, recipe.folds) if not run.tower(job.name).exists()]
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    log.info("towers on %s: %d to fit, %d elements", device, len(wanted), len(data.training))
    for job in wanted:
        log.info("%s holds out: %s", run.tower(job.name).name, " ".join(job.held_out) or "nothing")
    for name, r in _fitted(data.folder, recipe, run, wanted, workers):
        run.add_metrics("tower", {**run.read_metrics().get("tower", {}), name: r})
        log.info("%s: val %s", name, " ".join(f"{cell} {value:.4f}" for cell, value in r.items()))


def _fitted(
    folder: Path, recipe: TowerRecipe, run: Run, wanted: list[Job], workers: int
) -> Iterator[tuple[str, dict[str, float]]]:
    if torch.cuda.is_available() or min(workers, len(wanted)) <= 1:
        for job in wanted:
            yield job.name, fit(folder, recipe, run, job)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(wanted)), mp_context=context, initializer=_one_thread) as executor:
        # LegNet takes longest: first.
        order = sorted(wanted, key=lambda job: job.name != LEGNET)
        waiting = {executor.submit(fit, folder, recipe, run, job): job.name for job in order}
        for done in as_completed(waiting):
            yield waiting[done], done.result()


def _one_thread() -> None:
    one_thread()
    logging.basicConfig(level=logging.INFO, format="%(message)s")


def fit(folder: Path, recipe: TowerRecipe, run: Run, job: Job) -> dict[str, float]:
    """Fit one tower and write it; returns val Pearson per cell type."""
    data = read_data_set(folder)
    training, val = data.training, data.table.take(data.places("val"))
    table = training if recipe.further is None else pool(training, read_further(Path(recipe.further), data.cell_types))
    fit_recipe = recipe.legnet if job.name == LEGNET else recipe.light
    seed = recipe.seed * 100 + job.number
    tower = new_tower(job.name, data.cell_types, data.window, fit_recipe.dropout, seed)
    state = run.tower_state(job.name)
    rows = rows_outside(job.held_out, table)
    fitted = fit_tower(tower, job.name, rows, table, val, fit_recipe, state, seed)
    with whole_file(run.tower(job.name)) as part:
        save_tower(fitted.tower, part, {"held_out": json.dumps(job.held_out), "window": str(data.window)})
    state.unlink(missing_ok=True)
    return dict(zip(data.cell_types, fitted.val, strict=True))
