"""Fit and judge arms, one after another; what is kept is not made again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from cistrace.arms.plan import Plan, keep_plan
from cistrace.arms.report import write_report
from cistrace.evaluation.ceiling import Ceiling
from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.contenders import Contender, predictions_of
from cistrace.evaluation.intervals import DRAWS
from cistrace.io.locks import folder_lock

log = logging.getLogger(__name__)


def evaluate_arms(
    comparison: Comparison, plan: Plan, arms: Sequence[Contender], seeds: int, ceilings: list[Ceiling], command: str,
    draws: int = DRAWS,
) -> Path:  # fmt: skip
    """Make what predictions are missing, arm by arm, then write OUT/arms.md.

    Parameters
    ----------
    comparison : Comparison
        As `plan.drawn_comparison` made it.
    command : str
        What the report says it was made by.
    draws : int
        Of every interval.

    Returns
    -------
    Path
        Of the report.

    Raises
    ------
    OutputError
        OUT holds arms of another plan, or another call is at work there.
    """
    keep_plan(comparison.folder, plan)
    with folder_lock(comparison.folder / ".lock", comparison.folder, "evaluation of arms"):
        predictions = {}
        for number, arm in enumerate(arms, 1):
            log.info("arm %d of %d: %s", number, len(arms), arm.name)
            predictions[arm.name] = predictions_of(comparison, arm, seeds)
        log.info("report from %s", comparison.folder / "predictions")
        return write_report(comparison, plan, arms, predictions, ceilings, command, draws)
