"""The towers of a run: what they learn from is dealt and written down, then they are fitted side by side.

On CPUs a process and a thread each, the fastest way on a few cores; once fewer are left than cores, these have the
cores of the others too. On a GPU one after another.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch

from cistrace.engines.workers import Workers
from cistrace.io.files import whole_file
from cistrace.mpra.dealt_rows import DEALT_ROWS, write_dealt_rows
from cistrace.reasonbench.dataset import DataSet
from cistrace.towers.cross_fit import LEGNET, TowerJob, TowerRows, fit_job, tower_jobs, tower_rows
from cistrace.towers.files import load_tower, save_tower
from cistrace.towers.fold_towers import DEALT
from cistrace.towers.legnet import LegNet
from cistrace.towers.pool import SingleElement, admit, read_further
from cistrace.towers.pretraining import admitted, pretrained, told
from cistrace.towers.recipe import TowerRecipe
from cistrace.towers.sites_file import read_sites
from cistrace.training.recipe import Recipe
from cistrace.training.run import Run

log = logging.getLogger(__name__)


def train_towers(data: DataSet, recipe: TowerRecipe, run: Run, workers: int) -> None:
    """Fit the towers that the run does not hold yet; val Pearson per cell type of each goes to the run's metrics.

    Raises
    ------
    DataError
        Further measurements that cannot be read or brought to scale; too few rows that are no relatives.
    """
    rows = _dealt(data, recipe, run)
    do_pretraining(data, recipe, run)
    wanted = [job for job in tower_jobs(recipe.folds) if not run.tower(job.name).exists()]
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    log.info("towers on %s: %d to fit, %d elements", device, len(wanted), len(rows.places))
    one_by_one = torch.cuda.is_available() or not wanted
    processes = 1 if one_by_one else min(workers, len(wanted))
    threads = partial(threads_of_each, [run.tower(job.name) for job in wanted], processes, workers)
    task = partial(_fit, rows=rows, recipe=recipe, run=run, window=data.window, threads=threads)
    with Workers(processes) as pool:
        # LegNet takes longest: first.
        for job, r in pool.as_finished(task, sorted(wanted, key=lambda job: job.name != LEGNET)):
            run.add_metrics("tower", {**run.read_metrics().get("tower", {}), job.name: r})
            log.info("%s: val %s", job.name, " ".join(f"{cell} {value:.4f}" for cell, value in r.items()))


def do_pretraining(data: DataSet, recipe: TowerRecipe, run: Run) -> None:
    """Fit the body that LegNet starts from, where the recipe names sites and the run does not hold it yet.

    Raises
    ------
    DataError
        The table of sites cannot be read, or holds too few that may be learnt from.
    """
    wanted = recipe.pretraining
    if wanted.sites is None or run.pretrained.exists():
        return
    found = read_sites(Path(wanted.sites), wanted.columns, wanted.logarithms, wanted.kinds)
    sites, refused = admitted(found, data.table)
    log.info(
        "sites: %d of %d taken; refused: %d share 40 bases with an element of val or test, %d lie on chromosomes that "
        "the data set does not train on",
        len(sites.sequences), len(found.sequences), refused.related, refused.elsewhere,
    )  # fmt: skip
    fitted = pretrained(sites, data.window, wanted, run.pretrained_state)
    with whole_file(run.pretrained) as part:
        save_tower(fitted.tower, part, {"window": str(data.window)})
    run.pretrained_state.unlink(missing_ok=True)
    figures = told(fitted.val, fitted.tower.cell_types)
    run.add_metrics("pretraining", {"sites": len(sites.sequences), "refused": asdict(refused), "watched": figures})


def pretrained_body(run: Run) -> LegNet | None:
    """The body that LegNets of a run start from, where it has one."""
    if not run.pretrained.exists():
        return None
    tower = load_tower(run.pretrained)
    assert isinstance(tower, LegNet)
    return tower


def admitted_further(data: DataSet, recipe: TowerRecipe, run: Run) -> list[SingleElement]:
    """Further measurements, but for those that val and test must not be learnt from; counts go to the run's metrics.

    Raises
    ------
    DataError
        They cannot be read.
    """
    if recipe.further is None:
        return []
    found = read_further(Path(recipe.further), data.cell_types)
    further, refused = admit(found, data.table)
    log.info(
        "further measurements: %d of %d taken; refused: %d are elements of val or test, %d share 40 bases with "
        "one, %d lie on chromosomes that the data set does not train on",
        *(len(further), len(found), refused.held_out, refused.related, refused.elsewhere),
    )
    run.add_metrics("further", {"taken": len(further), "refused": asdict(refused)})
    return further


def _dealt(data: DataSet, recipe: TowerRecipe, run: Run) -> TowerRows:
    """Deal all rows to folds, those of further measurements too."""
    further = admitted_further(data, recipe, run)
    rows = tower_rows(data.table, further, recipe.folds)
    write_dealt_rows(rows.dealt, run.folder / DEALT_ROWS)
    folds = rows.dealt.folds
    for fold in range(folds.count):
        log.info("fold %d: its tower learns from %d of %d rows", fold, len(folds.seen_by(fold)), len(folds.seen_by(-1)))
    log.info("dealt by %s; %d rows on borders between two folds", folds.rule, int(folds.torn[folds.training].sum()))
    return rows


def estimator_of(run: Run, recipe: Recipe) -> Path:
    """The tower that estimates for new sequences: the student, where the recipe wants one, else LegNet."""
    return run.student if recipe.student.wanted else run.tower(LEGNET)


def threads_of_each(files: Sequence[Path], processes: int, cores: int) -> int:
    """Threads for each of the fits that are under way, at least one; those whose files are there have ended."""
    under_way = min(processes, sum(not file.exists() for file in files))
    return max(1, cores // max(1, under_way))


def _fit(
    job: TowerJob, *, rows: TowerRows, recipe: TowerRecipe, run: Run, window: int, threads: Callable[[], int]
) -> dict[str, float]:
    """Fit one tower and write it; val Pearson per cell type. In a process of its own, or not."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    state = run.tower_state(job.name)
    fitted = fit_job(job, rows, recipe, window, state, pretrained_body(run), threads)
    with whole_file(run.tower(job.name)) as part:
        save_tower(fitted.tower, part, {DEALT: rows.dealt.digest, "window": str(window)})
    state.unlink(missing_ok=True)
    return dict(zip(rows.training.cell_types, fitted.val, strict=True))
