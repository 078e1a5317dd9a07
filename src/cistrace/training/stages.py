"""The stages of a training, one after another, each skipped where the run has it.

    tower (-> student) -> examples -> rationale -> generate -> regression -> model

Where the score is the ledger that a trace tells (arm `ledger`), val's traces alone are generated, to judge the writer
by, and there is no regression. The student is made where the recipe names teachers or members. `judge` stands by
itself: what designs are judged by reads nothing of the others.

`tower`, `examples` and `generate` hold no gradients of the language model; `rationale` and `regression` run on any
number of processes under `accelerate launch`. What a stage needs and the run lacks is made first where that takes
minutes (examples, generated traces), and asked for by name where it takes a training.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from shutil import rmtree
from typing import Any

import torch

from cistrace.errors import DataError, RunError
from cistrace.io.streams import shown
from cistrace.io.track import Track, untracked
from cistrace.reasonbench.dataset import DataSet
from cistrace.towers.cross_fit import tower_names
from cistrace.training.adapt import adapt_towers
from cistrace.training.arms import READS_GENERATED
from cistrace.training.assessment import faults_of_run, judge_writer
from cistrace.training.cards import make_cards
from cistrace.training.examples import Example, read_examples
from cistrace.training.generate import (
    BY_GRAMMAR,
    Writing,
    generate,
    identity_of,
    is_by_grammar,
    sampling_words,
    writing_of,
)
from cistrace.training.judge import train_judge
from cistrace.training.language_models import Base, load_base, load_trained
from cistrace.training.made_by import is_current, note_origin
from cistrace.training.modelcard import model_card
from cistrace.training.paper_cards import make_paper_cards
from cistrace.training.processes import on_main_process
from cistrace.training.recipe import Recipe
from cistrace.training.run import Run, done, last_stage, mark_done, require_stage
from cistrace.training.start import start_of
from cistrace.training.student import train_student
from cistrace.training.towers import admitted_further, train_towers
from cistrace.training.trace_file import TraceSource, read_traces
from cistrace.training.writer_start import writer_of
from cistrace.writers.arms import LEDGER, PREDICTING_ARMS
from cistrace.writers.layout import DOMAIN, layout_of
from cistrace.writers.vocabulary import VocabularyNames

log = logging.getLogger(__name__)


def do_tower(data: DataSet, recipe: Recipe, run: Run, workers: int) -> None:
    """Fit the towers, or adapt those of a finished model."""
    if not done(run, "tower"):
        note_origin(run, "tower", recipe, data.hash)
        if recipe.adapt.wanted:
            adapt_towers(data, recipe, run, workers)
        else:
            train_towers(data, recipe.tower, run, workers)
        mark_done(run, "tower")


def do_student(data: DataSet, recipe: Recipe, run: Run, workers: int, track: Track = untracked) -> None:
    """Fit the student, where the recipe wants one."""
    if not recipe.student.wanted:
        return
    if not done(run, "student"):
        require_stage(run, "tower")
        note_origin(run, "student", recipe, data.hash)
        run.add_metrics("student", train_student(data, recipe, run, workers, track))
        mark_done(run, "student")
    rmtree(run.lessons, ignore_errors=True)


def do_judge(data: DataSet, recipe: Recipe, run: Run) -> None:
    """Fit the judge of designs."""
    if not done(run, "judge"):
        note_origin(run, "judge", recipe, data.hash)
        further = admitted_further(data, recipe.tower, run)
        run.add_metrics("judge", train_judge(data.table, further, recipe.judge, run.judge_state, run.judge))
        mark_done(run, "judge")


def do_examples(data: DataSet, recipe: Recipe, run: Run, workers: int) -> None:
    """Make cards, prompts and the teacher's traces."""
    if not done(run, "examples"):
        note_origin(run, "examples", recipe, data.hash)
        run.add_metrics("examples", make_examples(data, recipe, run, workers))
        mark_done(run, "examples")


def make_examples(data: DataSet, recipe: Recipe, run: Run, workers: int) -> dict[str, int]:
    """Write RUN/examples-train.jsonl, examples-val.jsonl and, from towers, examples-pieces.jsonl.

    Returns
    -------
    dict
        How many examples each file holds.

    Raises
    ------
    DataError
        The data set's cards cannot be made for new sequences.
    RunError
        Towers are missing.
    """
    if recipe.cards.evidence == "none":
        return make_paper_cards(data, recipe.cards, recipe.model.layout, run, workers)
    missing = [name for name in tower_names(recipe.tower.folds) if not run.tower(name).exists()]
    if recipe.student.wanted and not missing:
        require_stage(run, "student")
    if missing:
        raise RunError(
            f"{shown(run.folder)}: lacks the towers {', '.join(missing)}; expected them before cards; run `cistrace "
            "train tower` with the same recipe, data set and folder"
        )
    return make_cards(data, recipe, run, workers)


def examples_for(run: Run, split: str) -> list[Example]:
    """The examples of a split.

    Raises
    ------
    RunError
        The run has none yet.
    """
    path = run.examples(split)
    if not path.exists():
        raise RunError(
            f"{shown(run.folder)}: holds no examples of {split}; expected those of `cistrace train rationale`; run it "
            "first"
        )
    return read_examples(path)


def do_rationale(data: DataSet, recipe: Recipe, run: Run, workers: int) -> None:
    """Stage I."""
    from cistrace.training.rationale import train_rationale

    on_main_process(lambda: do_examples(data, recipe, run, workers))
    if done(run, "rationale"):
        return
    on_main_process(lambda: note_origin(run, "rationale", recipe, data.hash))
    if recipe.adapt.wanted:
        base = writer_of(start_of(recipe.adapt), data.cell_types)
    else:
        base = load_base(recipe.model, data.cell_types, data.window, recipe.rationale.seed)
    if recipe.adapt.wanted and not recipe.rationale.epochs:
        figures = keep_writer(base, run)
    else:
        layout = layout_of(recipe.model.layout, base.tokenizer)
        train, pieces, val = (examples_for(run, name) for name in ("train", "pieces", "val"))
        figures = train_rationale(recipe, base.model, base.tokenizer, layout, train, pieces, val, run)

    def finish() -> None:
        if base.names is not None:
            base.names.write(run.names)
        run.add_metrics("rationale", figures)
        mark_done(run, "rationale")

    on_main_process(finish)


def keep_writer(base: Base, run: Run) -> dict[str, Any]:
    """RUN/rationale of a writer that learns nothing."""
    base.model.save_pretrained(run.rationale)
    base.tokenizer.save_pretrained(run.rationale)
    return {"kept": True, "steps": 0, "rows": 0}


def do_generate(data: DataSet, recipe: Recipe, run: Run, track: Track = untracked) -> None:
    """The model's own traces, where the arm reads them; of val alone where they are only judged."""
    arm = recipe.regression.arm
    if (arm not in READS_GENERATED and arm != LEDGER) or run.files_of("regression"):
        return
    require_stage(run, "rationale")
    current = done(run, "generate") and is_current(run, "generate", recipe, data.hash)
    if current and source_of(run).model == identity_of(run.rationale):
        return
    writing = writing_for(recipe, run)
    counts = {
        split: asdict(generate(examples_for(run, split), writing, run.traces(split), track))
        for split in written_splits(recipe)
    }
    on_main_process(lambda: keep_generated(data, recipe, run, counts, writing.source))


def written_splits(recipe: Recipe) -> tuple[str, ...]:
    """The splits whose traces a recipe needs."""
    return ("val",) if recipe.regression.arm == LEDGER else ("train", "val")


def source_of(run: Run) -> TraceSource:
    """Whose traces stage II reads."""
    return TraceSource(**run.read_about()["traces"])


def keep_generated(
    data: DataSet, recipe: Recipe, run: Run, counts: dict[str, dict[str, int]], source: TraceSource
) -> None:
    """Take a source's traces for stage II's, once every example of both splits has one, unless it began already."""
    if run.files_of("regression"):
        return
    try:
        for split in written_splits(recipe):
            read_traces(run.traces(split), examples_for(run, split), source)
    except DataError:
        return
    val = examples_for(run, "val")
    writer = judge_writer(val, read_traces(run.traces("val"), val, source))
    run.add_metrics("generate", {**run.read_metrics().get("generate", {}), **counts, "writer": asdict(writer)})
    run.write_about({**run.read_about(), "traces": asdict(source)})
    note_origin(run, "generate", recipe, data.hash)
    mark_done(run, "generate")


def source_for(recipe: Recipe, run: Run) -> TraceSource:
    """Who writes as `writing_for` has it, by the files alone."""
    generation = recipe.generation
    words = BY_GRAMMAR if recipe.model.layout == DOMAIN and is_by_grammar(generation) else sampling_words(generation)
    return TraceSource(identity_of(run.rationale), words)


def writing_device(recipe: Recipe, device: str | None = None) -> str:
    """Where stage I's model writes: as told, else on the CPU, but a chat model on a CUDA GPU where there is one."""
    # The compact model's grammar works on CPUs.
    return device or ("cuda" if torch.cuda.is_available() and recipe.model.layout != DOMAIN else "cpu")


def writing_for(recipe: Recipe, run: Run, device: str | None = None) -> Writing:
    """Stage I's model, ready to write as the recipe says.

    Parameters
    ----------
    device : str, optional
        As `writing_device` has it.
    """
    model, tokenizer = load_trained(run.rationale, recipe)
    names = VocabularyNames.read(run.names) if recipe.model.layout == DOMAIN else None
    layout = layout_of(recipe.model.layout, tokenizer)
    if (place := writing_device(recipe, device)) != "cpu":
        model.to(place)  # type: ignore[arg-type]
    return writing_of(model, layout, names, recipe.generation, identity_of(run.rationale))


def do_regression(data: DataSet, recipe: Recipe, run: Run) -> None:
    """Stage II, where the arm has one."""
    from cistrace.training.regression import train_regression

    require_stage(run, "rationale")
    do_generate(data, recipe, run)
    if recipe.regression.arm == LEDGER:
        card = model_card(run, recipe, data, faults_of_run(run, data))
        on_main_process(lambda: run.card.write_text(card, encoding="utf-8"))
        return
    if done(run, "regression"):
        return
    on_main_process(lambda: note_origin(run, "regression", recipe, data.hash))
    model, tokenizer = load_trained(run.rationale, recipe)
    layout = layout_of(recipe.model.layout, tokenizer)
    train, pieces, val = (examples_for(run, name) for name in ("train", "pieces", "val"))
    traces = val_traces = None
    if recipe.regression.arm in READS_GENERATED:
        source = source_of(run)
        traces, val_traces = (
            read_traces(run.traces(split), examples, source) for split, examples in (("train", train), ("val", val))
        )
    figures = train_regression(recipe, model, tokenizer, layout, train, traces, pieces, val, val_traces, run)

    def finish() -> None:
        run.add_metrics("regression", figures)
        run.card.write_text(model_card(run, recipe, data, faults_of_run(run, data)), encoding="utf-8")
        mark_done(run, "regression")

    on_main_process(finish)


def do_model(data: DataSet, recipe: Recipe, run: Run) -> None:
    """RUN/model: what `cistrace predict --model RUN` opens."""
    from cistrace.training.export import export

    require_stage(run, last_stage(recipe.regression.arm))
    if recipe.regression.arm not in PREDICTING_ARMS:
        log.info("arm %s: no model for new sequences is made of it", recipe.regression.arm)
        return
    config = export(run, data, run.model, anyway=True)  # what leaves the run is refused; what stays in it can be tried
    run.add_metrics("model", {"faults": config.faults})
