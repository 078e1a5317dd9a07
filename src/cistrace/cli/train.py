"""`cistrace train`: towers, stage I and stage II, from a recipe and a data set."""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cistrace.cli.extras import need_training
from cistrace.cli.progress import tracked
from cistrace.engines.cores import MOST_THREADS, cores, use_threads
from cistrace.errors import RunError

if TYPE_CHECKING:
    from cistrace.reasonbench.dataset import DataSet
    from cistrace.training.recipe import Recipe
    from cistrace.training.run import Run

STAGES = ("tower", "student", "rationale", "regression", "all", "judge")


@click.command(short_help="Train a model of your own.")
@click.argument("stage", type=click.Choice(STAGES), metavar="STAGE")
@click.argument("changes", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--recipe", "source", required=True, metavar="NAME|FILE",
    help="compact, adapt, smollm2-135m, r3lm-qwen3-4b, or a YAML file of your own.",
)  # fmt: skip
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Data set of `reasonbench build`."
)
@click.option(
    "-o", "--output", "folder", type=click.Path(path_type=Path), required=True, metavar="RUN",
    help="Folder of the run; a run that was interrupted goes on.",
)  # fmt: skip
@click.option(
    "--threads",
    type=click.IntRange(1, MOST_THREADS),
    metavar="N",
    help="Cores for towers and cards. [default: all allowed]",
)
@click.option("--dry-run", is_flag=True, help="Say what it would take, and train nothing.")
def train(
    stage: str,
    changes: tuple[str, ...],
    source: str,
    data: Path,
    folder: Path,
    threads: int | None,
    dry_run: bool,
) -> None:
    """Train from a recipe, one stage or all.

    \b
    Stages:
      tower       sequence CNNs that give the cards' evidence (cross-fitted)
      student     one sequence CNN that says what several would, where the recipe names teachers or members
      rationale   stage I: the language model learns to write traces
      regression  stage II: it writes its own, and a head learns the activity from card and trace
      all         these, and RUN/model for `cistrace predict --model RUN`
      judge       a sequence CNN of another kind, on half of the chromosomes, that judges designs of `cistrace design`

    A change such as regression.epochs=2 sets one key of the recipe. All of it is checked before any work. A stage that
    is done is not done again; one that was interrupted, also by kill -9, goes on from its last checkpoint.

    \b
    Examples:
      cistrace reasonbench build mpra.tsv --cell-type Liver --val chr19 --test chr5 --all -o bench
      cistrace train all --recipe compact --data bench -o run
      cistrace train all --recipe adapt --data bench -o run        (300 to 5,000 rows, in minutes)
      cistrace predict enhancers.fa --model run
      accelerate launch --num_processes 4 -m cistrace train rationale --recipe r3lm-qwen3-4b --data bench -o run
    """
    from cistrace.training.recipe_file import load_recipe

    recipe = load_recipe(source, changes)
    need_training("train", recipe.report)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    _quiet()

    from cistrace.reasonbench.dataset import read_data_set
    from cistrace.training.made_by import check_origins
    from cistrace.training.run import Run, check_folder
    from cistrace.training.start import check_start

    opened = read_data_set(data)
    check_start(recipe.adapt, opened)
    check_folder(Run(folder), opened.hash)
    check_origins(Run(folder), recipe, opened.hash)
    if dry_run:
        from cistrace.training.estimate import estimate_of

        click.echo(estimate_of(recipe, opened, stage))
        return
    use_threads(threads)
    _train(stage, recipe, opened, folder, threads or cores())


def _train(stage: str, recipe: Recipe, data: DataSet, folder: Path, workers: int) -> None:
    from cistrace.training.processes import is_main, on_main_process, processes
    from cistrace.training.run import Run, hold_run, open_run, require_stage
    from cistrace.training.student import check_teachers

    run = Run(folder)
    several = processes() > 1
    if several and stage in ("tower", "student", "all", "judge"):
        raise RunError(
            f"cistrace train {stage}: found several processes, expected one; launch rationale and regression by "
            "themselves, after `cistrace train tower`"
        )
    if stage == "regression":
        require_stage(run, "rationale")
    elif stage == "rationale" and recipe.cards.evidence == "towers":
        require_stage(run, "tower")
    if stage == "student" and not recipe.student.wanted:
        raise RunError(
            f"recipe {recipe.name}: names nobody to learn from; expected student.teachers=[FILE, ...] or "
            "student.members=N; add one behind the options"
        )
    if stage == "tower" and recipe.cards.evidence == "none":
        raise RunError(f"recipe {recipe.name}: its cards need no towers; expected another stage; leave this one out")
    if stage in ("student", "all"):
        check_teachers(recipe.student, data)
    with ExitStack() as held:
        on_main_process(lambda: held.enter_context(hold_run(run)))
        on_main_process(lambda: open_run(folder, recipe, data.folder, data.hash))
        faults = _do(stage, recipe, data, run, workers)
    if is_main():
        click.echo(f"{stage}: done; see {folder}", err=True)
        if faults:
            click.echo(f"What speaks against using this model ({len(faults)}):", err=True)
            for fault in faults:
                click.echo(f"  {fault}", err=True)


def _do(stage: str, recipe: Recipe, data: DataSet, run: Run, workers: int) -> tuple[str, ...]:
    """The stages asked for, one after another; returns what speaks against the model."""
    from cistrace.training import stages

    faults = _say_new_faults((), run, data)
    if stage == "judge":
        stages.do_judge(data, recipe, run)
    if stage in ("tower", "all") and recipe.cards.evidence == "towers":
        stages.do_tower(data, recipe, run, workers)
    if stage in ("student", "all"):
        stages.do_student(data, recipe, run, workers, tracked)
    if stage in ("rationale", "all"):
        stages.do_rationale(data, recipe, run, workers)
    if stage in ("regression", "all"):
        stages.do_generate(data, recipe, run, tracked)
        faults = _say_new_faults(faults, run, data)
        stages.do_regression(data, recipe, run)
        faults = _say_new_faults(faults, run, data)
    if stage == "all":
        stages.do_model(data, recipe, run)
        faults = _say_new_faults(faults, run, data)
    return faults


def _say_new_faults(known: tuple[str, ...], run: Run, data: DataSet) -> tuple[str, ...]:
    """Say what speaks against the model and was not known before; returns all of it."""
    from cistrace.training.assessment import faults_of_run
    from cistrace.training.processes import is_main

    found = faults_of_run(run, data)
    for fault in found:
        if fault not in known and is_main():
            click.echo(f"Warning: {fault}", err=True)
    return found


def _quiet() -> None:
    """Libraries' progress bars and notes of their own would drown ours."""
    from transformers.utils.logging import disable_progress_bar, set_verbosity_error

    disable_progress_bar()
    set_verbosity_error()
    for name in ("httpx", "httpx2", "matplotlib", "fsspec"):
        logging.getLogger(name).setLevel(logging.WARNING)
