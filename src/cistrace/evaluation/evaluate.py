"""Evaluate arms on a split: predictions made once and kept, then report and figures."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from cistrace.errors import DataError
from cistrace.evaluation.accuracy import Told
from cistrace.evaluation.arms import CARD, MODEL, Arm, predictions_of, written
from cistrace.evaluation.bench import Bench
from cistrace.evaluation.ceiling import Ceiling
from cistrace.evaluation.figures import draw
from cistrace.evaluation.report import report
from cistrace.io.files import whole_file
from cistrace.mpra.hits import scan_table

log = logging.getLogger(__name__)
REPORT = "results.md"


def chosen(arms: Mapping[str, Arm], names: Sequence[str]) -> list[Arm]:
    """The arms of some names, in the report's order; all but those that must be trained for `default`.

    Raises
    ------
    DataError
        A name is unknown.
    """
    unknown = [name for name in names if name not in arms]
    if unknown:
        raise DataError(f"--arms: found {', '.join(unknown)}, expected names among {', '.join(arms)}")
    return [arm for name, arm in arms.items() if name in names]


def evaluate(bench: Bench, arms: Sequence[Arm], seeds: int, ceilings: list[Ceiling]) -> Path:
    """Make what predictions are missing, then write OUT/results.md and OUT/figures.

    Parameters
    ----------
    seeds : int
        Of arms whose fit depends on one; the others have one.
    """
    told = {
        arm.name: Told(tuple(predictions_of(bench, arm, seed) for seed in range(seeds if arm.seeded else 1)))
        for arm in arms
    }
    stored = written(bench) if {MODEL, CARD} & told.keys() else []
    best = next((name for name in (MODEL, CARD) if name in told), next(reversed(told)))
    log.info("report and figures from %s", bench.folder / "predictions")
    path = bench.hits("judged")
    path.parent.mkdir(parents=True, exist_ok=True)
    hits = scan_table(bench.judged.sequences, path, bench.threads)
    draw(bench, told, best, np.diff(hits.first))
    target = bench.folder / REPORT
    with whole_file(target) as part:
        part.write_text(report(bench, {arm.name: arm for arm in arms}, told, best, ceilings, stored), encoding="utf-8")
    return target
