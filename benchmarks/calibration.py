"""Calibrate a checkpoint anew on val, its weights unchanged, and measure coverage and reliability on test.

    python benchmarks/calibration.py score --data DIR --split val -o val.jsonl       # minutes to an hour; resumes
    python benchmarks/calibration.py score --data DIR --split test --rows 768 -o test.jsonl
    python benchmarks/calibration.py calibrate MODEL --data DIR --scores val.jsonl   # seconds: writes checkpoint.json
    python benchmarks/calibration.py judge MODEL --data DIR --scores test.jsonl      # Markdown tables

DIR holds joint_mpra.tsv.gz. Of val the two parts that fit and calibrate are scored, in random order.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.checkpoints.calibration import ValParts, calibration_notes, part_val, rows_to_score
from cistrace.checkpoints.levels import foresee
from cistrace.checkpoints.schema import (
    CellScale,
    CheckpointConfig,
    Readout,
    read_config,
    shipped_checkpoint,
    write_config,
)
from cistrace.checkpoints.soundness import faults_of
from cistrace.mpra import metrics
from cistrace.mpra.table import MpraTable, read_joint

BLOCK = 64  # rows of one write
BINS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=["score", "calibrate", "judge"])
    parser.add_argument("model", type=Path, nargs="?", default=shipped_checkpoint())
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=["val", "test"], default="val")
    parser.add_argument("--rows", type=int, help="of test, drawn at random")
    parser.add_argument("--scores", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    table = read_joint(options.data)
    if options.step == "score":
        split = table.split(options.split).sample(options.rows)
        score(options.model, to_calibrate(split) if options.split == "val" else split, options.output)
    elif options.step == "calibrate":
        calibrate_folder(options.model, table, options.scores)
    else:
        config = read_config(options.model)
        print(judged(config, *kept(options.scores, table.split("test"), config.interface.readouts)))


def to_calibrate(val: MpraTable) -> MpraTable:
    rows, _ = rows_to_score(part_val(val.sequences), None)
    return val.take(rows)


def score(model: Path, table: MpraTable, output: Path) -> None:
    """Append a line for every row that the file lacks: id, and the scores of every readout."""
    from cistrace.predict import Predictor
    from cistrace.training.calibrate import score_rows

    predictor = Predictor(model)
    order = np.random.default_rng(0).permutation(len(table))
    known = {json.loads(line)["id"] for line in output.read_text().splitlines()} if output.exists() else set()
    missing = [row for row in order.tolist() if table.names[row] not in known]
    for begin in range(0, len(missing), BLOCK):
        block = table.take(np.array(missing[begin : begin + BLOCK]))
        found = score_rows(predictor, block).scores
        with output.open("a", encoding="utf-8") as handle:
            for at, name in enumerate(block.names):
                line = {readout: scores[at].tolist() for readout, scores in found.items()}
                handle.write(json.dumps({"id": name, **line}) + "\n")


def kept(
    path: Path, table: MpraTable, readouts: tuple[Readout, ...]
) -> tuple[MpraTable, dict[Readout, NDArray[np.float64]]]:
    """The table's rows that a file has scores of, in the table's order, and their scores of every readout."""
    lines = {line["id"]: line for line in map(json.loads, path.read_text().splitlines())}
    rows = np.array([row for row, name in enumerate(table.names) if name in lines])
    chosen = table.take(rows)
    return chosen, {readout: np.array([lines[name][readout] for name in chosen.names]) for readout in readouts}


def calibrate_folder(model: Path, table: MpraTable, scores: Path) -> None:
    """Write checkpoint.json with new calibrations, and say what they are."""
    from cistrace.training.calibrate import ValScores, calibrated, cell_figures

    config, val = read_config(model), table.split("val")
    chosen, found = kept(scores, val, config.interface.readouts)
    whole, place = part_val(val.sequences), {name: row for row, name in enumerate(val.names)}
    places = np.array([place[name] for name in chosen.names])
    fit, rest = (np.flatnonzero(np.isin(places, part)) for part in (whole.fit, whole.calibrate))
    parts = ValParts(np.empty(0, dtype=np.int64), fit, rest)
    scored = ValScores(found, None)
    scales = calibrated(config.scales, scored, chosen, parts)
    faults = faults_of(cell_figures(scales, scored, chosen, table.split("train"), val))
    write_config(model, replace(config, scales=scales, faults=faults))
    print("\n".join(_lines(scales_table(config, scales))), *calibration_notes(scales), *faults, sep="\n")


def scales_table(old: CheckpointConfig, scales: dict[str, CellScale]) -> Iterator[tuple[object, ...]]:
    yield "cell type", "readout", "rows of line", "rows of interval", "slope", "intercept", "shift", "spread"
    for name, scale in scales.items():
        for readout, one in scale.calibrations.items():
            before = old.scales[name].calibrations[readout]
            figures = ("slope", "intercept", "shift", "spread")
            told = (f"{getattr(before, figure):.3f} -> {getattr(one, figure):.3f}" for figure in figures)
            yield name, readout, one.fitted, one.calibrated, *told


def judged(config: CheckpointConfig, table: MpraTable, scores: dict[Readout, NDArray[np.float64]]) -> str:
    """Coverage and level figures by cell type and readout, then reliability of the levels' probabilities."""
    return "\n".join(
        [*_lines(coverage_rows(config, table, scores)), "", *_lines(reliability_rows(config, table, scores))]
    )


def coverage_rows(
    config: CheckpointConfig, table: MpraTable, scores: dict[Readout, NDArray[np.float64]]
) -> Iterator[tuple[object, ...]]:
    yield (
        "cell type", "readout", "n", "covered", "95 % interval of that", "width", "by tenth", "by category", "Pearson",
        "level right",
    )  # fmt: skip
    categories = np.array(table.categories)
    for cell, name in enumerate(table.cell_types):
        measured = table.activity[:, cell]
        seen = np.isfinite(measured)
        scale = config.scales[name]
        for readout, found in scores.items():
            one = scale.calibrations[readout]
            activity = one.intercept + one.slope * found[seen, cell]
            lower, upper = one.interval(activity)
            within = (lower <= measured[seen]) & (measured[seen] <= upper)
            inside, width = within.mean(), (upper - lower).mean()
            low, high = wilson(inside, int(seen.sum()))
            tenths = [within[rows].mean() for rows in np.array_split(np.argsort(activity), 10)]
            kinds = [
                within[categories[seen] == kind].mean() for kind in sorted(set(categories)) if kind.endswith("_peak")
            ]
            told = np.array([foresee(value, one, scale).level for value in activity])
            right = (told == metrics.levels(measured[seen], np.array(scale.cuts))).mean()
            yield (
                name, readout, int(seen.sum()), f"{inside:.1%}", f"{low:.1%}-{high:.1%}", f"{width:.2f}",
                f"{min(tenths):.1%}-{max(tenths):.1%}", f"{min(kinds):.1%}-{max(kinds):.1%}",
                f"{metrics.pearson(activity, measured[seen]):.3f}", f"{right:.1%}",
            )  # fmt: skip


def reliability_rows(
    config: CheckpointConfig, table: MpraTable, scores: dict[Readout, NDArray[np.float64]]
) -> Iterator[tuple[object, ...]]:
    """With a trace, all cell types together: of elements told a level with such a probability, how many have it."""
    yield "level", "told", "n", "mean told", "observed", "95 % interval of that"
    told, levels = [], []
    for cell, name in enumerate(table.cell_types):
        seen = np.isfinite(table.activity[:, cell])
        scale = config.scales[name]
        one = scale.calibrations["trace"]
        activity = one.intercept + one.slope * scores["trace"][seen, cell]
        told += [foresee(value, one, scale).level_probabilities for value in activity]
        levels += metrics.levels(table.activity[seen, cell], np.array(scale.cuts)).tolist()
    probabilities, observed = np.array(told), np.array(levels)
    for level in range(4):
        bins = np.digitize(probabilities[:, level], BINS[1:-1])
        for place in np.unique(bins):
            rows = bins == place
            share = (observed[rows] == level).mean()
            low, high = wilson(share, int(rows.sum()))
            yield (
                level, f"{BINS[place]:.1f}-{BINS[place + 1]:.1f}", int(rows.sum()),
                f"{probabilities[rows, level].mean():.3f}", f"{share:.3f}", f"{low:.3f}-{high:.3f}",
            )  # fmt: skip


def wilson(share: float, count: int, deviate: float = 1.96) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    middle = (share + deviate**2 / (2 * count)) / (1 + deviate**2 / count)
    half = deviate / (1 + deviate**2 / count) * np.sqrt(share * (1 - share) / count + deviate**2 / (4 * count**2))
    return middle - half, middle + half


def _lines(rows: Iterator[tuple[object, ...]]) -> Iterator[str]:
    head = next(rows)
    yield "| " + " | ".join(map(str, head)) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(map(str, row)) + " |"


if __name__ == "__main__":
    main()
