"""The model under evaluation as an arm, and the same without a line of its ledger."""

from __future__ import annotations

from dataclasses import replace

from cistrace.errors import DataError
from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.contenders import calibrated
from cistrace.evaluation.predicted import Predicted
from cistrace.evaluation.store import StoredPrediction, stored_predictions
from cistrace.traces.ledger import read_hundredths
from cistrace.traces.templates import WHOLE
from cistrace.traces.text import read_trace


def without_rest(comparison: Comparison, seed: int) -> Predicted:
    """The score that a reported trace adds up to without its last line's amount: what the trace does not tell one by
    one. The interval moves along.

    Raises
    ------
    DataError
        The model writes no traces.
    """
    rows = stored_predictions(comparison)
    if rows[0].text is None:
        raise DataError("arm shipped-without-rest: the model writes no traces; leave the arm out")
    whole = calibrated(comparison, rows, "score", trace=True)
    less = [replace(row, score=row.score - rest_of(row)) for row in rows]
    moved = calibrated(comparison, less, "score", trace=True).activity - whole.activity
    return Predicted(whole.activity + moved, whole.lower + moved, whole.upper + moved)


def rest_of(row: StoredPrediction) -> float:
    """What the last line of the reported trace adds for all that it does not tell, log2 units.

    Of a trace that was written again by drawing, the grounded writer's stands for it: both tell one card.
    """
    text = row.text if row.written_by == "model" else row.grounded
    steps = read_trace(text or "").trace.steps
    return sum(read_hundredths(step.get("rest") or "0") for step in steps if step.kind == WHOLE) / 100
