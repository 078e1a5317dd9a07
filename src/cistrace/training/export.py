"""A trained run as a folder of its own: a plain Hugging Face model, and beside it all that a prediction needs.

    cistrace export RUN -o DIR

LoRA is merged. The model is calibrated on two parts of the data set's val rows, the third having chosen the weights:
`checkpoints.calibration` says how. The folder appears whole or not at all, and where something speaks against using the
model (`checkpoints.soundness`) only if asked all the same.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

import numpy as np

from cistrace.cards.backdrop import read_lines
from cistrace.checkpoints.calibration import UNCALIBRATED, all_calibrate, calibration_notes, part_val, rows_to_score
from cistrace.checkpoints.export import CheckpointParts, assemble, uncalibrated_scales
from cistrace.checkpoints.load import load_checkpoint
from cistrace.checkpoints.schema import (
    CONFIG,
    CONFIG_SUM,
    DOMAIN_FILE,
    FORMAT,
    Bounds,
    CheckpointConfig,
    Generation,
    ModelInterface,
    Origin,
    Readout,
    file_hashes,
    listed_files,
    write_config,
)
from cistrace.checkpoints.soundness import ADAPTED, FROM_SCRATCH, faults_of
from cistrace.errors import OutputError, RunError
from cistrace.io.files import whole_folder
from cistrace.io.streams import shown
from cistrace.mpra.dealt_rows import DEALT_ROWS, read_dealt_rows
from cistrace.predict import Predictor
from cistrace.reasonbench.dataset import DataSet
from cistrace.towers.cross_fit import WHOLE
from cistrace.towers.domain import Domain, load_domain, save_domain
from cistrace.training.adapt import chooser_of
from cistrace.training.calibrate import calibrated, cell_figures, score_rows
from cistrace.training.domain import checkpoint_domain, domain_of_start
from cistrace.training.language_models import load_trained
from cistrace.training.modelcard import model_card
from cistrace.training.recipe import Recipe
from cistrace.training.run import Run, done, last_stage
from cistrace.training.start import start_of, window_of
from cistrace.training.towers import estimator_of
from cistrace.writers.arms import LEDGER, PREDICTING_ARMS, PredictingArm
from cistrace.writers.layout import DOMAIN

log = logging.getLogger(__name__)
CARD = "README.md"


def export(run: Run, data: DataSet, folder: Path, anyway: bool = False) -> CheckpointConfig:
    """Write a run's model to a folder, calibrated on the data set's val rows.

    Parameters
    ----------
    anyway : bool
        Write it although something speaks against using it; checkpoint.json and the model card say what.

    Returns
    -------
    CheckpointConfig
        What the folder's checkpoint.json holds.

    Raises
    ------
    RunError
        The run is not done, its arm is none for new sequences, or something speaks against using the model.
    OutputError
        The folder holds something else.
    """
    recipe = run.read_config()
    if recipe.regression.arm not in PREDICTING_ARMS:
        raise RunError(
            f"{shown(run.folder)}: its arm {recipe.regression.arm} reads what no new sequence has; expected one of "
            f"{', '.join(PREDICTING_ARMS)}; train another"
        )
    if not done(run, last := last_stage(recipe.regression.arm)):
        raise RunError(
            f"{shown(run.folder)}: its stage {last} is not done; expected a whole training; go on with "
            "`cistrace train all` and the same recipe, data set and folder"
        )
    with whole_folder(folder, _older_files(folder)) as part:
        assemble(_parts(run, recipe), part)
        config = _calibrated(part, data, run, recipe, _uncalibrated(part, run, recipe, data))
        config = _with_domain(part, data, run, config)
        if config.faults and not anyway:
            raise RunError(
                f"{shown(run.folder)}: something speaks against using this model; expected nothing; mend it, or export "
                "it with --anyway:\n  " + "\n  ".join(config.faults)
            )
        write_config(part, config)
        card = model_card(run, recipe, data, config.faults)  # those of val rows that chose nothing, in the run's place
        (part / CARD).write_text("\n".join([card, *_card_lines(config)]), encoding="utf-8")
    return config


def _older_files(folder: Path) -> list[str]:
    """The files of an older checkpoint that gives way; none where the folder is empty or not there.

    Raises
    ------
    OutputError
        The folder holds something else.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return []
    if not (folder / CONFIG).exists():
        raise OutputError(
            f"{shown(folder)}: is there and no checkpoint; expected an empty folder, or none yet; choose another"
        )
    return [CONFIG, CONFIG_SUM, CARD, *listed_files(folder)]


def _parts(run: Run, recipe: Recipe) -> CheckpointParts:
    """What the run leaves; the compact model's weights as float16, others as they were trained."""
    tells = recipe.regression.arm == LEDGER
    model, tokenizer = load_trained(run.rationale if tells else run.regression, recipe)
    domain, with_towers = recipe.model.layout == DOMAIN, recipe.cards.evidence == "towers"
    return CheckpointParts(
        model.half() if domain else model,
        tokenizer,
        None if tells else run.regression / "head.safetensors",
        run.names if domain else None,
        (estimator_of(run, recipe), run.tower(WHOLE)) if with_towers else None,
        run.known_effects if with_towers else None,
        _fitted_on(run) if with_towers else (),
        start_of(recipe.adapt).folder if recipe.adapt.wanted else None,
    )


def _fitted_on(run: Run) -> list[str]:
    """The elements that the run's towers were fitted on, those of `tower.further` among them."""
    dealt = read_dealt_rows(run.folder / DEALT_ROWS)
    return [dealt.sequences[row] for row in np.flatnonzero(dealt.folds.training)]


def _uncalibrated(part: Path, run: Run, recipe: Recipe, data: DataSet) -> CheckpointConfig:
    """Write a checkpoint.json with which the folder can be opened and scored by, its lines the identity."""
    interface = ModelInterface(
        recipe.model.layout,
        recipe.cards.evidence,
        cast(PredictingArm, recipe.regression.arm),
        readouts_of(recipe),
        Generation(**{name: value for name, value in asdict(recipe.generation).items() if name != "batch_tokens"}),
        _origin(run),
    )
    calibrations = dict.fromkeys(interface.readouts, UNCALIBRATED)
    lines = read_lines(run.backdrop) if recipe.cards.evidence == "towers" else {}
    scales = {
        name: replace(scale, calibrations=calibrations)
        for name, scale in uncalibrated_scales(data.training, data.cuts, lines).items()
    }
    config = CheckpointConfig(
        FORMAT, interface, data.cell_types, window_of(recipe, data), scales, (), file_hashes(part)
    )
    write_config(part, config)
    return config


def readouts_of(recipe: Recipe) -> tuple[Readout, ...]:
    """What gives a recipe's model activities: the head, where it is trained to score, and towers that it has."""
    towers: tuple[Readout, ...] = ("towers",) if recipe.cards.evidence == "towers" else ()
    if recipe.regression.arm == LEDGER:
        return towers
    if recipe.regression.arm != "card+generated":
        return ("card", *towers)
    return ("trace", "card", *towers) if recipe.regression.without_trace else ("trace", *towers)


def _origin(run: Run) -> Origin:
    about = run.read_about()
    return Origin(
        about.get("recipe", ""),
        about.get("cistrace", ""),
        about.get("data", {}).get("manifest_sha256"),  # no path of this machine
        about.get("packages", {}),
    )


def _calibrated(part: Path, data: DataSet, run: Run, recipe: Recipe, config: CheckpointConfig) -> CheckpointConfig:
    val = data.table.take(data.places("val"))
    parted = part_val(val.sequences)
    if recipe.adapt.wanted and chooser_of(data, recipe.adapt) != "val":
        parted = all_calibrate(parted)
    rows, parts = rows_to_score(parted, recipe.calibration_rows)
    table = val.take(rows)
    found = score_rows(Predictor(part), table)
    scales = calibrated(config.scales, found, table, parts)
    for note in calibration_notes(scales):
        log.warning("%s", note)
    # A model that tells ledgers reports no trace that does not hold: its writer's own rates are figures, no fault.
    writer = None if recipe.regression.arm == LEDGER else found.writer
    fewest = ADAPTED if recipe.adapt.wanted else FROM_SCRATCH
    faults = faults_of(cell_figures(scales, found, table, data.training, val), writer, fewest)
    return replace(config, scales=scales, faults=faults)


def _with_domain(part: Path, data: DataSet, run: Run, config: CheckpointConfig) -> CheckpointConfig:
    """Write what the towers' training elements look like to them; nothing without towers, or with too few elements."""
    if config.interface.evidence != "towers":
        return config
    val = data.table.take(data.places("val"))
    towers, learnt = load_checkpoint(part).towers, _fitted_on(run)
    assert towers is not None  # the evidence is theirs
    domain = checkpoint_domain(towers, config.scales, learnt, val)
    if domain is None and (before := _domain_before(run.read_config())) is not None:
        domain = domain_of_start(before, towers, config.scales, learnt, val)
    if domain is None:
        log.warning("too few elements to say what is out of the model's domain: no row will be flagged as such")
        return config
    save_domain(domain, part / DOMAIN_FILE)
    return replace(config, files=file_hashes(part))


def _domain_before(recipe: Recipe) -> Domain | None:
    """That of the checkpoint that an adapted one starts from."""
    file = start_of(recipe.adapt).folder / DOMAIN_FILE if recipe.adapt.wanted else None
    return load_domain(file) if file is not None and file.exists() else None


def _card_lines(config: CheckpointConfig) -> list[str]:
    """The model card's section on calibration."""
    fitted = any(one.fitted for scale in config.scales.values() for one in scale.calibrations.values())
    parts = (
        "Three parts of val, related sequences together: the first chose the weights, the second fitted the line from "
        "score to activity and how widths change with activity, the third gave the bounds of the 90 % interval (split "
        "conformal): so far below and above an activity, linear between, beyond as at the ends."
    )
    whole = "Nothing was chosen or fitted on val: all of it gave the bounds of the 90 % interval (split conformal)."
    lines = [
        "## Calibration",
        "",
        parts if fitted else whole,
        "",
        "| cell type | read | rows of the line | rows of the interval | slope, intercept | at activity | bounds |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, scale in config.scales.items():
        for readout, one in scale.calibrations.items():
            cells = (
                name, readout, one.fitted, one.calibrated, f"{one.slope:.3f}, {one.intercept:.3f}", *_told(one.bounds)
            )  # fmt: skip
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    notes = calibration_notes(config.scales)
    return [*lines, "", *(f"- {note}" for note in notes), *([""] if notes else [])]


def _told(bounds: Bounds | None) -> tuple[str, str]:
    """Where an interval's bounds are stated, and how far they are there."""
    if bounds is None:
        return "", "infinite"
    if len(bounds.at) == 1:
        return "any", f"-{bounds.below[0]:.2f} +{bounds.above[0]:.2f}"
    sides = zip(bounds.below, bounds.above, strict=True)
    return " ".join(f"{at:.2f}" for at in bounds.at), " ".join(f"-{low:.2f} +{high:.2f}" for low, high in sides)
