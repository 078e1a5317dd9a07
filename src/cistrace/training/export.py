"""A trained run as a folder of its own: a plain Hugging Face model, and beside it all that a prediction needs.

    cistrace export RUN -o DIR

LoRA is merged. Calibration is a line per cell type from standardised score to measured activity, with and without a
trace, and the 90 % conformal half-width of the absolute residuals (Lei et al. 2018), all on val rows drawn at random.
The folder appears whole or not at all.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

import numpy as np

from cistrace.checkpoints.schema import (
    CONFIG,
    HEAD,
    KNOWLEDGE,
    NAMES,
    OURS,
    TOWER_FILES,
    CellScale,
    ModelInterface,
    write_config,
)
from cistrace.errors import OutputError, RunError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.files import write_faults
from cistrace.io.streams import shown
from cistrace.mpra.table import MpraTable
from cistrace.predict import Predictor
from cistrace.reasonbench.dataset import DataSet
from cistrace.towers.cross_fit import LEGNET, WHOLE
from cistrace.training.cards import Scale
from cistrace.training.language_models import load_trained
from cistrace.training.recipe import Recipe
from cistrace.training.run import Run, done
from cistrace.writers.arms import PREDICTING_ARMS, PredictingArm
from cistrace.writers.layout import DOMAIN

log = logging.getLogger(__name__)
QUANTILES = 201
MISS = 0.10
FEWEST_NATURAL = 100  # rows of categories `*_peak` below which all training rows stand for natural elements


def export(run: Run, data: DataSet, folder: Path) -> None:
    """Write a run's model to a folder, calibrated on the data set's val rows.

    Raises
    ------
    RunError
        The run is not done, or its arm is none for new sequences.
    OutputError
        The folder holds something else.
    """
    recipe = run.read_config()
    if recipe.regression.arm not in PREDICTING_ARMS:
        raise RunError(
            f"{shown(run.folder)}: its arm {recipe.regression.arm} reads what no new sequence has; expected one of "
            f"{', '.join(PREDICTING_ARMS)}; train another"
        )
    if not done(run, "regression"):
        raise RunError(
            f"{shown(run.folder)}: its stage regression is not done; expected a whole training; run `cistrace train`"
        )
    with _whole_folder(folder) as part:
        assemble(run, recipe, part)
        scales = first_scales(data.training, data.cuts)
        form = form_of(run, recipe)
        write_config(part, data.cell_types, data.window, scales, form)
        val = data.table.take(data.places("val")).sample(recipe.calibration_rows)
        write_config(part, data.cell_types, data.window, calibrate(part, val, scales), form)


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` to write to, that takes its place at the end; an older checkpoint there gives way."""
    if folder.exists() and not (folder / CONFIG).exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(
            f"{shown(folder)}: is there and no checkpoint; expected an empty folder, or none yet; choose another"
        )
    part = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(part, ignore_errors=True)
    try:
        with write_faults(folder):
            part.mkdir(parents=True)
            yield part
            shutil.rmtree(folder, ignore_errors=True)
            part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def assemble(run: Run, recipe: Recipe, folder: Path) -> None:
    """Write what a checkpoint holds; the compact model's weights as float16, others as they were trained."""
    model, tokenizer = load_trained(run.regression, recipe)
    if recipe.model.layout == DOMAIN:
        model.half()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / OURS).mkdir()
    shutil.copy(run.regression / "head.safetensors", folder / HEAD)
    if recipe.model.layout == DOMAIN:
        shutil.copy(run.folder / "names.json", folder / NAMES)
    if recipe.cards.source == "towers":
        for name, target in zip((LEGNET, WHOLE), TOWER_FILES, strict=True):
            shutil.copy(run.tower(name), folder / target)
        shutil.copy(run.known_effects, folder / KNOWLEDGE)
    shutil.copy(run.card, folder / run.card.name)


def form_of(run: Run, recipe: Recipe) -> ModelInterface:
    """What the checkpoint will say of itself."""
    about = run.read_about()
    origin = {name: about.get(name) for name in ("cistrace", "recipe", "data", "packages")}
    if isinstance(origin["data"], dict):
        origin["data"] = {"manifest_sha256": origin["data"].get("manifest_sha256")}  # no path of this machine
    written = {name: value for name, value in asdict(recipe.generation).items() if name != "batch_tokens"}
    cards = "towers" if recipe.cards.source == "towers" else "paper"
    return ModelInterface(recipe.model.layout, cards, cast(PredictingArm, recipe.regression.arm), written, origin)


def first_scales(train: MpraTable, cuts: np.ndarray) -> dict[str, CellScale]:
    """Scales before calibration: the training split's own location and spread; cuts (cell types, 3)."""
    scale = Scale.of(train)
    natural = np.array([category.endswith("_peak") for category in train.categories])
    if natural.sum() < FEWEST_NATURAL:
        natural[:] = True
    grid, scales = np.linspace(0, 1, QUANTILES), {}
    for cell, name in enumerate(train.cell_types):
        location, spread = float(scale.location[cell]), float(scale.spread[cell])
        quantiles = np.nanquantile(train.activity[natural, cell], grid)
        low, middle, high = (float(cut) for cut in cuts[cell])
        scales[name] = CellScale(
            location, spread, spread, location, spread, location, 1.0, (low, middle, high),
            tuple(round(float(value), 4) for value in quantiles),
        )  # fmt: skip
    return scales


def line(score: np.ndarray, measured: np.ndarray) -> tuple[float, float]:
    """Least-squares slope and intercept."""
    slope, intercept = np.polyfit(score, measured, 1)
    return float(slope), float(intercept)


def conformal_half_width(residuals: np.ndarray, miss: float = MISS) -> float:
    """The smallest half-width that split conformal prediction grants for coverage 1 - miss."""
    count = len(residuals)
    rank = min(count, int(np.ceil((count + 1) * (1 - miss))))
    return float(np.sort(np.abs(residuals))[rank - 1])


def calibrate(folder: Path, val: MpraTable, scales: dict[str, CellScale]) -> dict[str, CellScale]:
    """Fit slopes, intercepts and half-widths on val by predicting it."""
    predictor = Predictor(folder)
    records = [DnaSequence(name, bases, "val") for name, bases in zip(val.names, val.sequences, strict=True)]
    found = {}
    for trace in (True, False) if predictor.writes else (False,):
        activity = np.array([entry.activity for entry in predictor.stream(records, trace=trace)])
        found[trace] = activity.reshape(len(val), len(val.cell_types))
        log.info("%d val sequences predicted %s a trace", len(val), "with" if trace else "without")
    found.setdefault(True, found[False])
    fitted = {}
    for cell, name in enumerate(val.cell_types):
        scale = scales[name]
        measured = val.activity[:, cell]
        seen = np.isfinite(measured)
        score = {trace: (found[trace][seen, cell] - scale.location) / scale.spread for trace in found}
        slope, intercept = line(score[True], measured[seen])
        bare_slope, bare_intercept = line(score[False], measured[seen])
        half = conformal_half_width(measured[seen] - intercept - slope * score[True])
        fitted[name] = replace(
            scale,
            slope=slope,
            intercept=intercept,
            bare_slope=bare_slope,
            bare_intercept=bare_intercept,
            half_width=half,
        )
        log.info(
            "%s: val Pearson with trace %.4f, card alone %.4f; slope %.3f, half-width %.3f",
            name, np.corrcoef(score[True], measured[seen])[0, 1], np.corrcoef(score[False], measured[seen])[0, 1],
            slope / scale.spread, half,
        )  # fmt: skip
    return fitted
