"""The stages of a training, one after another, each skipped where the run has it.

    tower -> records -> rationale -> generate -> regression -> model

`tower` and `records` and `generate` hold no gradients of the language model; `rationale` and `regression` run on any
number of processes under `accelerate launch`. What a stage needs and the run lacks is made first where that takes
minutes (records, generated traces), and asked for by name where it takes a training.
"""

from __future__ import annotations

import logging
from dataclasses import asdict

import torch

from cistrace.errors import DataError, RunError
from cistrace.io.streams import shown
from cistrace.reasonbench.dataset import DataSet
from cistrace.training.base import load_base
from cistrace.training.generate import Writing, generate, identity_of, read_traces, writing_of
from cistrace.training.modelcard import model_card
from cistrace.training.prepare import prepare, records_for
from cistrace.training.processes import alone
from cistrace.training.recipe import Recipe
from cistrace.training.run import Run, done, mark_done
from cistrace.training.towers import train_towers
from cistrace.training.trained import load_trained
from cistrace.writers.arms import PREDICTING_ARMS
from cistrace.writers.layout import DOMAIN, layout_of
from cistrace.writers.vocabulary import VocabularyNames

log = logging.getLogger(__name__)
NAMES = "names.json"
WITH_TRACES = ("card+generated", "shuffled")


def do_tower(data: DataSet, recipe: Recipe, run: Run, workers: int) -> None:
    """Fit the towers."""
    if not done(run, "tower"):
        train_towers(data, recipe.tower, run, workers)
        mark_done(run, "tower")


def do_records(data: DataSet, recipe: Recipe, run: Run, workers: int) -> None:
    """Make cards, prompts and the teacher's traces."""
    if not done(run, "records"):
        run.add_metrics("records", prepare(data, recipe, run, workers))
        mark_done(run, "records")


def do_rationale(data: DataSet, recipe: Recipe, run: Run, workers: int) -> None:
    """Stage I."""
    from cistrace.training.rationale import train_rationale

    alone(lambda: do_records(data, recipe, run, workers))
    if done(run, "rationale"):
        return
    base = load_base(recipe.model, data.cell_types, data.window, recipe.rationale.seed)
    layout = layout_of(recipe.model.layout, base.tokenizer)
    train, pieces, val = (records_for(run, name) for name in ("train", "pieces", "val"))
    figures = train_rationale(recipe, base.model, base.tokenizer, layout, train, pieces, val, run)

    def finish() -> None:
        if base.names is not None:
            base.names.write(run.folder / NAMES)
        _finish(run, "rationale", figures)

    alone(finish)


def do_generate(data: DataSet, recipe: Recipe, run: Run, workers: int) -> None:
    """The model's own traces, where the arm reads them."""
    if recipe.regression.arm not in WITH_TRACES or done(run, "generate"):
        return
    wants(run, "rationale")
    writing = writing_for(recipe, run)
    counts = {
        split: asdict(generate(records_for(run, split), writing, run.traces(split))) for split in ("train", "val")
    }
    alone(lambda: _finish(run, "generate", counts))


def keep_generated(run: Run, counts: dict[str, dict[str, int]]) -> None:
    """Take traces that were written by themselves for stage II's, once every record of both splits has one."""
    try:
        for split in ("train", "val"):
            read_traces(run.traces(split), records_for(run, split))
    except DataError:
        return
    _finish(run, "generate", {**run.read_metrics().get("generate", {}), **counts})


def writing_for(recipe: Recipe, run: Run) -> Writing:
    """Stage I's model, ready to write as the recipe says."""
    model, tokenizer = load_trained(run.rationale, recipe)
    names = VocabularyNames.read(run.folder / NAMES) if recipe.model.layout == DOMAIN else None
    layout = layout_of(recipe.model.layout, tokenizer)
    if torch.cuda.is_available() and names is None:  # the compact model's grammar works on CPUs
        model.to("cuda")  # type: ignore[arg-type]
    return writing_of(model, layout, names, recipe.generation, identity_of(run.rationale))


def do_regression(data: DataSet, recipe: Recipe, run: Run, workers: int) -> None:
    """Stage II."""
    from cistrace.training.regression import train_regression

    wants(run, "rationale")
    do_generate(data, recipe, run, workers)
    if done(run, "regression"):
        return
    model, tokenizer = load_trained(run.rationale, recipe)
    layout = layout_of(recipe.model.layout, tokenizer)
    train, pieces, val = (records_for(run, name) for name in ("train", "pieces", "val"))
    reads = recipe.regression.arm in WITH_TRACES
    traces = read_traces(run.traces("train"), train) if reads else None
    val_traces = read_traces(run.traces("val"), val) if reads else None
    figures = train_regression(recipe, model, tokenizer, layout, train, traces, pieces, val, val_traces, run)

    def finish() -> None:
        run.add_metrics("regression", figures)
        run.card.write_text(model_card(run, recipe, data), encoding="utf-8")
        mark_done(run, "regression")

    alone(finish)


def do_model(data: DataSet, recipe: Recipe, run: Run) -> None:
    """RUN/model: what `cistrace predict --model RUN` opens."""
    from cistrace.training.export import export

    wants(run, "regression")
    if recipe.regression.arm not in PREDICTING_ARMS:
        log.info("arm %s: no model for new sequences is made of it", recipe.regression.arm)
        return
    export(run, data, run.model)


def _finish(run: Run, stage: str, figures: object) -> None:
    run.add_metrics(stage, figures)
    mark_done(run, stage)


def wants(run: Run, stage: str) -> None:
    """Ask for a stage that is not done yet."""
    if not done(run, stage):
        raise RunError(
            f"{shown(run.folder)}: its stage {stage} is not done; expected it first; run `cistrace train {stage}` with "
            "the same recipe, data set and folder"
        )
