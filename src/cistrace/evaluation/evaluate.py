"""Evaluate contenders on a split: predictions made once and kept, then report and figures."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.evaluation.ceiling import Ceiling
from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.contenders import CARD, MODEL, Contender, calibrated, predictions_of
from cistrace.evaluation.figures import draw
from cistrace.evaluation.report import report
from cistrace.evaluation.specialists import scanned
from cistrace.evaluation.store import StoredPrediction, stored_predictions
from cistrace.io.files import whole_file

log = logging.getLogger(__name__)
REPORT = "results.md"


def evaluate(
    comparison: Comparison, contenders: Sequence[Contender], seeds: int, ceilings: list[Ceiling], command: str
) -> Path:
    """Make what predictions are missing, then write OUT/results.md and OUT/figures.

    Parameters
    ----------
    seeds : int
        Of contenders whose fit depends on one; the others have one.
    command : str
        What the report says it was made by.

    Returns
    -------
    Path
        Of the report.
    """
    predictions = {one.name: predictions_of(comparison, one, seeds) for one in contenders}
    stored = stored_predictions(comparison) if {MODEL, CARD} & predictions.keys() else []
    best = next((name for name in (MODEL, CARD) if name in predictions), next(reversed(predictions)))
    log.info("report and figures from %s", comparison.folder / "predictions")
    draw(comparison, predictions, best, np.diff(scanned(comparison, "judged").first))
    target = comparison.folder / REPORT
    with whole_file(target) as part:
        text = report(
            comparison, contenders, predictions, best, ceilings, stored, _shifts(comparison, stored), command
        )  # fmt: skip
        part.write_text(text, encoding="utf-8")
    return target


def _shifts(comparison: Comparison, stored: list[StoredPrediction]) -> dict[str, NDArray[np.float64]]:
    """How far every alteration of a trace moved the activity, log2; nothing of a model without traces."""
    if not any(row.text for row in stored):
        return {}
    whole = calibrated(comparison, stored, "score", trace=True).activity
    moved = {
        name: np.abs(calibrated(comparison, stored, field, trace=True).activity - whole)
        for name, field in (("deleted", "deleted"), ("turned round", "turned"))
    }
    return {name: sizes[np.isfinite(sizes)] for name, sizes in moved.items()}
