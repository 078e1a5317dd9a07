"""What a run says against its own model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import a_card, invoke
from training_helpers import examples

from cistrace.cards.json import card_object
from cistrace.checkpoints.soundness import WriterFigures
from cistrace.reasonbench.dataset import read_data_set
from cistrace.traces.grounded import write
from cistrace.traces.text import render_trace
from cistrace.training.assessment import faults_of_run, judge_writer
from cistrace.training.regression import slope_of
from cistrace.training.run import Run


def test_a_writer_is_judged_by_its_claims_on_val() -> None:
    card = a_card()
    one = replace(examples(rows=1)[0], card=json.dumps(card_object(card)))
    true = render_trace(write(card))
    steps = true.count("\n")
    wrong = true.replace("now +0.31", "now +0.32")
    assert wrong != true
    found = judge_writer([one] * 3, [true, wrong, "no trace at all"])
    assert found.traces == 3 and found.parsed == 2
    assert found.claims == 2 * steps
    assert found.supported == found.claims - 1


def test_a_slope_is_that_of_measured_on_predicted() -> None:
    scores = np.array([0.0, 1, 2, 3], dtype=np.float32)
    measured = -2.0 * scores.astype(np.float64) + 5
    assert slope_of(scores, measured) == pytest.approx(-2)
    assert np.isnan(slope_of(np.ones(4, dtype=np.float32), measured))


def test_faults_are_those_known_so_far(bench: Path, tmp_path: Path) -> None:
    run, data = Run(tmp_path), read_data_set(bench)
    rows = faults_of_run(run, data)
    assert len(rows) == 4 and "K562: 80 measured training rows, expected 1,000 or more" in rows[0]
    run.add_metrics("generate", {"writer": {"traces": 40, "parsed": 40, "claims": 210, "supported": 1}})
    (writer,) = set(faults_of_run(run, data)) - set(rows)
    assert "1 of 210 claims in val traces agree with the card" in writer
    run.add_metrics(
        "regression",
        {
            "val_pearson": {"pearson_K562": float("nan"), "pearson_MyCell": 0.2},
            "val_slope": {"slope_K562": float("nan"), "slope_MyCell": -11.0},
        },
    )
    first, second = sorted(set(faults_of_run(run, data)) - {*rows, writer})
    assert first.startswith("K562: val cannot be used") and "slope -11.00" in second
    run.add_metrics("model", {"faults": ["what calibration found"]})
    assert faults_of_run(run, data) == ("what calibration found",)
    assert WriterFigures(40, 40, 210, 1) == WriterFigures(**run.read_metrics()["generate"]["writer"])


@pytest.mark.pipeline
def test_three_hundred_random_rows_do_not_become_a_model_without_a_word(tmp_path: Path) -> None:
    """The rows mean nothing, and the run says so: at its beginning, when it is known, at its end, in the model card."""
    random = np.random.default_rng(1)
    lines = ["sequence\tactivity\tcell_type\tchromosome"]
    chromosomes = ("chr1", "chr2", "chr3", "chr5", "chr19", "chr7")
    for row in range(300):
        bases = "".join(random.choice(list("ACGT"), 60))
        lines.append(f"{bases}\t{random.normal():.3f}\tLiver\t{chromosomes[row % 6]}")
    (tmp_path / "mpra.tsv").write_text("\n".join(lines) + "\n")
    built = invoke(
        "reasonbench", "build", tmp_path / "mpra.tsv", "--cell-type", "Liver", "--val", "chr19", "--test", "chr5",
        "--all", "-o", tmp_path / "bench",
    )  # fmt: skip
    assert built.exit_code == 0, built.output
    made = invoke(
        "train", "all", "--recipe", "compact", "--data", tmp_path / "bench", "-o", tmp_path / "run",
        "tower.light.epochs=1", "tower.legnet.epochs=1", "cards.rows=16", "cards.pieces=0", "cards.val_rows=6",
        "rationale.most_steps=2", "regression.most_steps=2", "calibration_rows=20", "--threads", "2",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    few = "Liver: 200 measured training rows, expected 1,000 or more; add measurements"
    before, _, end = made.stderr.partition("all: done; see")
    assert f"Warning: {few}" in before and few in end
    assert "the writer" not in before  # it tells ledgers: what does not hold is not reported, and how often is a figure
    card = (tmp_path / "run" / "README.md").read_text()
    assert "## What speaks against this model" in card and few in card
