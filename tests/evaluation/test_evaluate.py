"""`cistrace evaluate` as a whole, with the shipped model on four made-up elements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow.parquet as pq
import pytest
from bench_helpers import a_table
from click.testing import CliRunner, Result

from cistrace.cards.json import read_card
from cistrace.cli.main import cli
from cistrace.evaluation.alterations import altered, without
from cistrace.mpra.elements import ELEMENTS
from cistrace.reasonbench.files import DataSetFiles
from cistrace.traces.ledger import activity_of
from cistrace.traces.text import read_trace
from cistrace.traces.trace import WrittenBy
from cistrace.traces.verify import verify

CELLS = ("K562", "Liver", "HepG2")  # the model does not know Liver
CONTENDERS = ("gc", "tower", "model")

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 elements of train, 20 of val, 4 of test; HepG2 is measured in one of test."""
    table = a_table(64, CELLS, length=200)
    table.activity[61:, 2] = np.nan
    folder = tmp_path_factory.mktemp("data") / "bench"
    with DataSetFiles(folder) as files:
        files.elements(table, ("train",) * 40 + ("val",) * 20 + ("test",) * 4)
        cuts = {cell: [-0.5, 0.0, 0.5] for cell in CELLS}
        files.finish({"cell_types": list(CELLS), "cuts": cuts}, "# card")
    return folder


def run(bench: Path, out: Path, *more: str) -> Result:
    asked = ("--data", str(bench), "--contenders", ",".join(CONTENDERS), "--threads", "1", "-o", str(out), *more)
    return CliRunner().invoke(cli, ["evaluate", *asked])


@pytest.fixture(scope="module")
def out(bench: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "evaluation"
    result = run(bench, folder)
    assert result.exit_code == 0, result.output
    assert result.stdout == (folder / "results.md").read_text()
    return folder


def test_any_data_set_is_judged_in_the_cell_types_that_the_model_knows(out: Path) -> None:
    report = (out / "results.md").read_text()
    rows = [
        line.split(" | ")[:3] for line in report.splitlines() if line.startswith(tuple(f"| {c} | " for c in CONTENDERS))
    ]
    assert [row for row in rows if row[1] in CELLS] == [
        [f"| {name}", cell, count] for name in CONTENDERS for cell, count in (("K562", "4"), ("HepG2", "1"))
    ]
    assert "Not judged, as the model does not know them: Liver." in report
    assert "    cistrace evaluate --data bench --split test --contenders gc,tower,model -o OUT\n" in report
    assert str(out) not in report and "nan" not in report
    assert {path.name for path in (out / "figures").iterdir()} == {
        "ladder.png", "scatter.png", "calibration.png", "motif-content.png",
    }  # fmt: skip


def test_stored_rows_hold_all_that_a_report_needs(out: Path) -> None:
    head, *rows = (json.loads(line) for line in (out / "model.test.jsonl").read_text().splitlines())
    assert list(head) == ["origin"] and len(rows) == 4 * 2
    assert [(row["id"], row["cell_type"]) for row in rows[:3]] == [("e60", "K562"), ("e60", "HepG2"), ("e61", "K562")]
    assert all(row["text"] and row["free"] and row["grounded"] and row["card_score"] is None for row in rows)
    assert {row["written_by"] for row in rows} <= set(get_args(WrittenBy))


def test_the_score_is_what_the_reported_trace_adds_up_to(out: Path) -> None:
    """And the tower's own; it moves by the largest site's amount where its step is deleted, by twice it turned."""
    _, *rows = (json.loads(line) for line in (out / "model.test.jsonl").read_text().splitlines())
    columns = pq.read_table(out / "predictions" / "tower.0.test.parquet").to_pydict()
    towers = dict(zip(zip(columns["name"], columns["cell_type"]), columns["activity"]))
    for row in rows:
        card, score = read_card(row["card"]), row["score"]
        assert card.ledger is not None and score == pytest.approx(card.ledger.total, abs=1e-9)
        assert score == pytest.approx(towers[row["id"], row["cell_type"]], abs=0.01)
        if row["deleted"] is not None:
            largest = score - row["deleted"]
            assert score - row["turned"] == pytest.approx(2 * largest, abs=1e-9)
            assert any(abs(largest - (site.amount or 0.0)) < 1e-9 for site in card.sites)
        reported = {"model": row["text"], "grounded writer": row["grounded"]}.get(row["written_by"])
        if reported is not None:
            assert verify(reported, card).verified
            assert activity_of(read_trace(reported).trace.steps) == pytest.approx(score, abs=1e-9)
            assert (row["deleted"] is None) == (altered(reported, without) is None)


def test_an_interrupted_evaluation_goes_on_and_ends_alike(bench: Path, out: Path, tmp_path: Path) -> None:
    whole = (out / "model.test.jsonl").read_bytes()
    lines = whole.split(b"\n")
    torn = tmp_path / "torn"
    torn.mkdir()
    (torn / "model.test.jsonl").write_bytes(b"\n".join([*lines[:4], lines[4][:40]]))  # one sequence and a half, torn
    assert run(bench, torn).exit_code == 0
    again = (torn / "model.test.jsonl").read_bytes().split(b"\n")
    assert again[:3] == lines[:3] and len(again) == len(lines)
    for one, other in zip(map(json.loads, again[:-1]), map(json.loads, lines[:-1]), strict=True):
        assert one.keys() == other.keys()
        assert {name: one[name] for name in one if name in ("id", "text", "card")} == {
            name: other[name] for name in other if name in ("id", "text", "card")
        }
        assert one.get("score", 0) == pytest.approx(other.get("score", 0), abs=0.01)  # what rounding may turn


def test_a_second_call_makes_nothing_again(bench: Path, out: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (out / "predictions").iterdir()}
    report = (out / "results.md").read_bytes()
    assert run(bench, out).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in (out / "predictions").iterdir()} == before
    assert (out / "results.md").read_bytes() == report


def test_predictions_of_other_data_are_refused_by_name(bench: Path, out: Path, tmp_path: Path) -> None:
    result = run(bench, out, "--rows", "2")
    assert result.exit_code == 2
    assert (
        "gc.0.test.parquet: holds predictions of 4 elements" in result.stderr and "choose another -o" in result.stderr
    )
    assert len(result.stderr.strip().splitlines()) == 1


def test_what_is_no_data_set_is_one_line(bench: Path, tmp_path: Path) -> None:
    (tmp_path / ELEMENTS).write_bytes((bench / ELEMENTS).read_bytes())
    result = run(tmp_path, tmp_path / "out")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "holds no readable manifest.json" in result.stderr and not (tmp_path / "out").exists()
