"""Put a trained run together as a checkpoint: copy, calibrate on val, hash.

    python -m cistrace.training.ship --data DIR -o RUN --to FOLDER [--rows 1500]

Calibration is a line per cell type from standardised score to log2(RNA/DNA), with and without a trace,
and the 90 % conformal half-width of the absolute residuals (Lei et al. 2018), all on val rows drawn at
random.
"""

from __future__ import annotations

import argparse
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from safetensors.torch import load_file, save_file

from cistrace.checkpoint import TOWER_FILES, CellScale, write_config
from cistrace.mpra import MpraTable, level_cuts, read_joint
from cistrace.predict import Predictor
from cistrace.records import Sequence
from cistrace.training.cards import Scale

log = logging.getLogger(__name__)
WINDOW = 200
QUANTILES = 201
MISS = 0.10


def assemble(run: Path, folder: Path) -> None:
    """Copy what a checkpoint holds; the language model's weights as float16."""
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(run / "stage2", folder / "reasoner")
    weights = folder / "reasoner" / "model.safetensors"
    save_file({name: tensor.half() for name, tensor in load_file(weights).items()}, weights, metadata={"format": "pt"})
    for name in (*TOWER_FILES, "head.safetensors", "knowledge.tsv"):
        shutil.copy(run / name, folder / name)


def first_scales(train: MpraTable) -> dict[str, CellScale]:
    """Scales before calibration: the training split's own location and spread."""
    scale, cuts = Scale.of(train), level_cuts(train)
    natural = np.array([category.endswith("_peak") for category in train.categories])
    grid = np.linspace(0, 1, QUANTILES)
    scales = {}
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
    records = [Sequence(name, bases, "val") for name, bases in zip(val.names, val.sequences, strict=True)]
    found = {}
    for trace in (True, False):
        activity = np.array([entry.activity for entry in predictor.stream(records, trace=trace)])
        found[trace] = activity.reshape(len(val), len(val.cell_types))
        log.info("val predicted, trace %s", trace)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1500)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    joint = read_joint(arguments.data)
    train, val = joint.split("train"), joint.split("val")
    chosen = val.sample(arguments.rows)
    assemble(arguments.out, arguments.to)
    scales = first_scales(train)
    write_config(arguments.to, train.cell_types, WINDOW, scales)
    write_config(arguments.to, train.cell_types, WINDOW, calibrate(arguments.to, chosen, scales))


if __name__ == "__main__":
    main()
