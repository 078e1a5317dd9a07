"""The report of a small stored set of predictions with known figures, word by word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import a_card
from evaluation_helpers import a_comparison, off_by, rising

from cistrace.cards.card import Card
from cistrace.cards.json import card_object
from cistrace.checkpoints.schema import CONFIG, shipped_checkpoint
from cistrace.evaluation.ceiling import Ceiling
from cistrace.evaluation.contenders import Contender, card_alone, known_contenders
from cistrace.evaluation.intervals import Interval
from cistrace.evaluation.predicted import Predicted, SeededPredictions
from cistrace.evaluation.report import report
from cistrace.evaluation.store import StoredPrediction
from cistrace.io.hashes import file_hash
from cistrace.traces.grounded import write
from cistrace.traces.text import render_trace
from cistrace.traces.trace import WrittenBy
from cistrace.version import __version__

EXPECTED = Path(__file__).with_name("report.md")


def stored(card: Card) -> list[StoredPrediction]:
    """Four traces: two true, one with a false score, one that does not parse; one decoded freely, in vain."""
    true = render_trace(write(card))
    texts = (true, true, true.replace(", 10 bits,", ", 12 bits,"), "no trace")
    writers: tuple[WrittenBy, ...] = ("model", "model", "model again", "grounded writer")
    return [
        StoredPrediction(
            f"e{at}", "K562", 1.0, 0.9, text, by, true, "free" if at == 0 else None, None, None, card_object(card),
        )
        for at, (text, by) in enumerate(zip(texts, writers, strict=True))
    ]  # fmt: skip


def written(folder: Path, **changes: object) -> str:
    activity = rising()
    comparison = replace(a_comparison(folder, activity), not_judged=("Kidney",))
    known = known_contenders(None)
    given = {
        "comparison": comparison,
        "contenders": [known["tower"], known["model"]],
        "predictions": {"tower": off_by(activity, 0.5, 0.4), "model": off_by(activity, 0.25, 0.3)},
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


def test_a_head_that_reads_traces_is_held_against_the_card_alone(tmp_path: Path) -> None:
    activity = rising()
    card = Contender("card", "card, without a trace", card_alone)
    near, far = off_by(activity, 0.25, 0.3), off_by(activity, 0.5, 0.4)
    found = written(
        tmp_path, contenders=[card, known_contenders(None)["model"]], predictions={"card": far, "model": near}
    )
    assert (
        "\n\nMedian distance between the score with a trace and from the card alone, log2: K562 0.250 (r 0.9819), "
        "Liver 0.250 (r 0.9800).\n\n"
    ) in found
    assert "Median distance" not in written(tmp_path)


@pytest.mark.parametrize(("shift", "word"), [(0.019, "are"), (0.021, "are not")])
def test_shifts_of_nothing_are_called_decorative(shift: float, word: str, tmp_path: Path) -> None:
    found = written(tmp_path, shifts={"deleted": np.full(3, 0.001), "turned round": np.full(3, shift)})
    assert found.endswith(f"Under 0.02 a trace is called decorative for the score: these {word}.\n")


def test_who_wrote_what_is_told_where_it_is_known(tmp_path: Path) -> None:
    assert "They were written by: model 2 (50.00 %), model again 1 (25.00 %), " in written(tmp_path)
    unknown = [replace(entry, written_by=None) for entry in stored(a_card())]
    assert "written by" not in written(tmp_path, stored=unknown)


def test_a_model_without_traces_has_no_such_section(tmp_path: Path) -> None:
    bare = [replace(entry, text=None, written_by=None, grounded=None, free=None) for entry in stored(a_card())]
    assert "## Traces" not in written(tmp_path, stored=bare)


def test_seeds_are_averaged(tmp_path: Path) -> None:
    activity = rising()
    (near,), (far,) = off_by(activity, 0.2, 0.3).seeds, off_by(activity, 0.4, 0.3).seeds
    both = SeededPredictions((near, Predicted(far.activity, far.lower, far.upper)))
    assert "| 0.300 (0.300-0.300) |" in written(tmp_path, predictions={"tower": both, "model": both})
