"""What speaks against using a run's model, as far as it is known yet. The rules are `checkpoints.soundness`'s."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from cistrace.cards.json import read_card
from cistrace.checkpoints.soundness import ADAPTED, FROM_SCRATCH, CellTypeFigures, WriterFigures, faults_of
from cistrace.reasonbench.dataset import DataSet
from cistrace.traces.verify import verify
from cistrace.training.examples import Example
from cistrace.training.run import Run, last_stage
from cistrace.writers.arms import LEDGER


def faults_of_run(run: Run, data: DataSet) -> tuple[str, ...]:
    """A sentence for each fault: rows from the beginning, the writer once it wrote, val once stage II is done.

    Once RUN/model is calibrated its own faults are told, which are of rows that chose nothing.
    """
    metrics = run.read_metrics()
    if "model" in metrics:
        return tuple(metrics["model"]["faults"])
    reached = metrics.get("regression", {})
    rows = {
        split: np.isfinite(data.table.activity[data.places(split)]).sum(axis=0).tolist() for split in ("train", "val")
    }
    cells = tuple(
        CellTypeFigures(
            cell_type,
            rows["train"][cell],
            rows["val"][cell],
            _number(reached.get("val_pearson"), f"pearson_{cell_type}"),
            _number(reached.get("val_slope"), f"slope_{cell_type}"),
        )
        for cell, cell_type in enumerate(data.cell_types)
    )
    about = run.read_about()
    tells = about.get("last") == last_stage(LEDGER)  # and reports no trace that does not hold
    fewest = ADAPTED if about.get("adapted") else FROM_SCRATCH
    return faults_of(cells, None if tells else writer_of(run), fewest)


def _number(figures: dict[str, float | None] | None, name: str) -> float | None:
    """A figure; NaN where it was measured and is none, None where it was not."""
    if not figures or name not in figures:
        return None
    value = figures[name]
    return float("nan") if value is None else value


def writer_of(run: Run) -> WriterFigures | None:
    """How the traces fared that the run's model wrote about val; None where it has written none."""
    found = run.read_metrics().get("generate", {}).get("writer")
    return None if found is None else WriterFigures(**found)


def judge_writer(examples: Sequence[Example], texts: Sequence[str]) -> WriterFigures:
    """Hold the traces about val examples against their cards, by the judge of all traces."""
    found = [verify(text, read_card(json.loads(one.card))) for one, text in zip(examples, texts, strict=True)]
    readable = [one for one in found if not any(finding.step == 0 for finding in one.findings)]
    return WriterFigures(
        traces=len(found),
        parsed=len(readable),
        claims=sum(one.claims for one in readable),
        supported=sum(one.supported for one in readable),
    )
