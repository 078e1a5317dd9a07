"""The report of a small stored set of predictions with known figures, word by word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from cli_helpers import a_card
from evaluation_helpers import a_comparison, off_by, rising

from cistrace.cards.card import Card
from cistrace.cards.json import card_object
from cistrace.checkpoints.schema import CONFIG, shipped_checkpoint
from cistrace.evaluation.ceiling import Ceiling
from cistrace.evaluation.contenders import known_contenders
from cistrace.evaluation.intervals import Interval
from cistrace.evaluation.predicted import Predicted, SeededPredictions
from cistrace.evaluation.report import report
from cistrace.evaluation.store import StoredPrediction
from cistrace.io.hashes import file_hash
from cistrace.traces.grounded import write
from cistrace.traces.text import render_trace
from cistrace.version import __version__

EXPECTED = Path(__file__).with_name("report.md")


def stored(card: Card) -> list[StoredPrediction]:
    """Four traces: two true, one with a false score, one that does not parse; one decoded freely, in vain."""
    true = render_trace(write(card, (-0.5, 0.0, 0.7)))
    texts = (true, true, true.replace("with 10 bits", "with 12 bits"), "no trace")
    return [
        StoredPrediction(
            f"e{at}", "K562", 1.0, 0.9, text, true, "free" if at == 0 else None, None, None, card_object(card),
        )
        for at, text in enumerate(texts)
    ]  # fmt: skip


def written(folder: Path, **changes: object) -> str:
    activity = rising()
    comparison = replace(a_comparison(folder, activity), not_judged=("Kidney",))
    known = known_contenders(None)
    given = {
        "comparison": comparison,
        "contenders": [known["card"], known["model"]],
        "predictions": {"card": off_by(activity, 0.5, 0.4), "model": off_by(activity, 0.25, 0.3)},
        "best": "model",
        "ceilings": [Ceiling("K562", 1000, Interval(0.81, 0.80, 0.82))],
        "stored": stored(a_card()),
        "shifts": {"deleted": np.array([0.01, 0.02, 0.03, 0.04]), "turned round": np.array([0.0, 0.01, 0.02])},
        "command": "cistrace evaluate --data DIR -o OUT",
        **changes,
    }
    return report(**given)  # type: ignore[arg-type]


def test_the_report_of_a_stored_set_is_this_one(tmp_path: Path) -> None:
    checkpoint = file_hash(shipped_checkpoint() / CONFIG)[:12]
    expected = EXPECTED.read_text(encoding="utf-8").replace("CHECKPOINT", checkpoint).replace("VERSION", __version__)
    assert written(tmp_path) == expected


def test_a_model_without_traces_has_no_such_section(tmp_path: Path) -> None:
    bare = [replace(entry, text=None, grounded=None, free=None) for entry in stored(a_card())]
    assert "## Traces" not in written(tmp_path, stored=bare)


def test_seeds_are_averaged(tmp_path: Path) -> None:
    activity = rising()
    (near,), (far,) = off_by(activity, 0.2, 0.3).seeds, off_by(activity, 0.4, 0.3).seeds
    both = SeededPredictions((near, Predicted(far.activity, far.lower, far.upper)))
    assert "| 0.300 (0.300-0.300) |" in written(tmp_path, predictions={"card": both, "model": both})
