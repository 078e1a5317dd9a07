"""The towers of a run that starts from a finished model: heads first, then the whole, and what is better of both.

What is better is told by val's part that chooses, where it holds rows enough; else by cross-validation over the folds
of the training rows (`mpra.folds`), whose passes all rows then make.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from cistrace.engines.workers import Workers
from cistrace.io.files import whole_file
from cistrace.mpra.dealt_rows import DEALT_ROWS, write_dealt_rows
from cistrace.mpra.folds import Folds
from cistrace.mpra.table import MpraTable
from cistrace.reasonbench.dataset import DataSet
from cistrace.towers.adapt import adapted, features
from cistrace.towers.cross_fit import LEGNET, WHOLE, tower_rows
from cistrace.towers.encoding import base_codes
from cistrace.towers.files import AnyTower, save_tower
from cistrace.towers.fit import pearson, predict
from cistrace.towers.fold_towers import DEALT
from cistrace.towers.recipe import AdaptRecipe
from cistrace.towers.tune import Tuned, tune, with_scale_of
from cistrace.training.recipe import Recipe
from cistrace.training.run import Run
from cistrace.training.start import Start, start_of
from cistrace.training.towers import threads_of_each

log = logging.getLogger(__name__)
Chooser = Literal["val", "folds"]


@dataclass(frozen=True, eq=False)
class AdaptRows:
    """What the towers of a run learn on from.

    Attributes
    ----------
    choosing : MpraTable or None
        Rows of val that choose; None where folds do.
    folds : Folds
        Of the training rows.
    digest : str
        Of how all rows were dealt.
    """

    training: MpraTable
    val: MpraTable
    choosing: MpraTable | None
    folds: Folds
    digest: str


@dataclass(frozen=True, eq=False)
class _Fit:
    """What the fits of a run share; `read` are `features` of the training rows, by the name of the tower."""

    start: Start
    rows: AdaptRows
    recipe: AdaptRecipe
    run: Run
    read: Mapping[str, NDArray[np.float64]]
    threads: Callable[[], int]

    def head_of(self, name: str, rows: NDArray[np.int64]) -> AnyTower:
        """The start's tower with a head fitted on some training rows, and nothing else changed."""
        activity = self.rows.training.activity[rows]
        window = self.start.config.window
        tower = self.start.open_tower(name)
        made = adapted(tower, self.rows.training.cell_types, window, self.read[name][rows], activity)
        return with_scale_of(made, activity)


def chooser_of(data: DataSet, recipe: AdaptRecipe) -> Chooser:
    """What chooses between head and whole: val's part for it, if enough of it is measured in every cell type."""
    measured = np.isfinite(data.table.activity[data.places_in_training("val")]).sum(axis=0)
    return "val" if int(measured.min()) >= recipe.fewest_to_choose else "folds"


def adapt_towers(
    data: DataSet, recipe: Recipe, run: Run, workers: int, names: Sequence[str] = (LEGNET, WHOLE)
) -> None:  # fmt: skip
    """Adapt the towers that the run does not hold yet; what was chosen and Pearson on val go to the run's metrics.

    Parameters
    ----------
    names : sequence of str
        Of the towers; a model needs both.

    Raises
    ------
    DataError
        Too few rows that are no relatives.
    """
    rows = _rows_of(data, recipe.adapt, run)
    start = start_of(recipe.adapt)
    wanted = [name for name in names if not run.tower(name).exists()]
    read = {name: _read(start, name, rows.training) for name in wanted}
    threads = partial(threads_of_each, [run.tower(name) for name in wanted], len(wanted), workers)
    fit = _Fit(start, rows, recipe.adapt, run, read, threads)
    folds = _errors_by_folds(fit, wanted, workers) if rows.choosing is None else {}
    task = partial(_adapt, fit=fit, folds=folds)
    with Workers(_processes(workers, len(wanted))) as pool:
        for name, (tuned, r) in pool.as_finished(task, wanted):
            found = run.read_metrics()
            run.add_metrics("tower", {**found.get("tower", {}), name: r})
            run.add_metrics("adapt", {**found.get("adapt", {}), name: tuned})
            log.info("%s: val %s", name, " ".join(f"{cell} {value:.4f}" for cell, value in r.items()))


def _rows_of(data: DataSet, recipe: AdaptRecipe, run: Run) -> AdaptRows:
    dealt = tower_rows(data.table, (), recipe.folds)
    write_dealt_rows(dealt.dealt, run.folder / DEALT_ROWS)
    by_val = chooser_of(data, recipe) == "val"
    choosing = data.table.take(data.places_in_training("val")) if by_val else None
    return AdaptRows(dealt.training, dealt.val, choosing, dealt.dealt.folds.take(dealt.places), dealt.dealt.digest)


def _read(start: Start, name: str, table: MpraTable) -> NDArray[np.float64]:
    log.info("%s: reads %d training sequences", name, len(table))
    return features(start.open_tower(name), table.sequences, start.config.window)


def _processes(workers: int, fits: int) -> int:
    return 1 if torch.cuda.is_available() or not fits else min(workers, fits)


def _errors_by_folds(fit: _Fit, names: Sequence[str], workers: int) -> dict[str, tuple[float, ...]]:
    """Of each tower `over_folds` of the errors on rows of folds that are left out in turn."""
    jobs = [(name, fold) for name in names for fold in range(fit.rows.folds.count)]
    curves: dict[str, dict[int, tuple[int, tuple[float, ...]]]] = {name: {} for name in names}
    with Workers(_processes(workers, len(jobs))) as pool:
        for (name, fold), one in pool.as_finished(partial(_leave_out, fit=fit), jobs):
            curves[name][fold] = one
    for name, fold in jobs:
        _fold_state(fit.run, name, fold).unlink(missing_ok=True)
    return {name: over_folds([one for _, one in sorted(found.items())]) for name, found in curves.items()}


def over_folds(curves: Sequence[tuple[int, Sequence[float]]]) -> tuple[float, ...]:
    """The error over the rows of all folds, of the head alone and after each pass that every fold made.

    Parameters
    ----------
    curves : sequence of (int, sequence of float)
        Of each fold its rows, and the errors of the head alone and after each pass.
    """
    made = min(len(errors) for _, errors in curves)
    weights = np.array([rows for rows, _ in curves], dtype=np.float64)
    return tuple((weights @ np.array([errors[:made] for _, errors in curves]) / weights.sum()).tolist())


def _leave_out(job: tuple[str, int], *, fit: _Fit) -> tuple[int, tuple[float, ...]]:
    """Fit without a fold; its rows, and the errors on them. In a process of its own, or not."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    name, fold = job
    seen = fit.rows.folds.seen_by(fold)
    held = fit.rows.training.take(np.flatnonzero(fit.rows.folds.own == fold))
    tower, state = fit.head_of(name, seen), _fold_state(fit.run, name, fold)
    table = fit.rows.training.take(seen)
    told = f"{name} without fold {fold}"
    return len(held), tune(tower, told, table, held, fit.recipe, state, fit.recipe.epochs).errors


def _fold_state(run: Run, name: str, fold: int) -> Path:
    return run.tower_state(f"{name}-fold{fold}")


def _adapt(
    name: str, *, fit: _Fit, folds: Mapping[str, tuple[float, ...]]
) -> tuple[dict[str, object], dict[str, float]]:
    """Fit on all training rows, write the tower; what was chosen, and val Pearson by cell type."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    rows, state = fit.rows, fit.run.tower_state(name)
    head = fit.head_of(name, np.arange(len(rows.training)))
    errors = folds.get(name)
    passes = fit.recipe.epochs if errors is None else int(np.argmin(errors))
    tuned = tune(head, name, rows.training, rows.choosing, fit.recipe, state, passes, threads=fit.threads)
    notes = {DEALT: rows.digest, "window": str(tuned.tower.window), "passes": str(tuned.passes)}
    with whole_file(fit.run.tower(name)) as part:
        save_tower(tuned.tower, part, notes)
    state.unlink(missing_ok=True)
    val = pearson(predict(tuned.tower, base_codes(list(rows.val.sequences), tuned.tower.window)), rows.val.activity)
    return _told(tuned, errors or tuned.errors, rows), dict(zip(rows.val.cell_types, val, strict=True))


def _told(tuned: Tuned, errors: Sequence[float], rows: AdaptRows) -> dict[str, object]:
    """For the run's metrics."""
    measured = np.isfinite(rows.training.activity).sum(axis=0).tolist()
    return {
        "rows": dict(zip(rows.training.cell_types, measured, strict=True)),
        "chosen_by": "folds" if rows.choosing is None else "val",
        "passes": tuned.passes,
        "errors": list(errors),
    }
