"""`cistrace evaluate --arms` as a whole, at tiny size: arms of every kind, resumed and reported."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from bench_helpers import a_table
from click.testing import CliRunner, Result

from cistrace.arms import language
from cistrace.cli.main import cli
from cistrace.reasonbench.files import DataSetFiles

CELLS = ("K562", "HepG2")
TEST = 15
ARMS = ("gc", "sequence", "paper-generated", "paper-filler", "evidence-card")
PLAN = ("--train-rows", "40", "--passes", "1", "--batch", "20", "--val-rows", "12", "--size", "small")

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six chromosomes: four of train, one of val, one of test; of test one measurement is missing."""
    table = a_table(90, CELLS, length=60)
    table.activity[5, 1] = float("nan")
    splits = tuple({"chr5": "val", "chr6": "test"}.get(chromosome, "train") for chromosome in table.chromosomes)
    folder = tmp_path_factory.mktemp("data") / "bench"
    with DataSetFiles(folder) as files:
        files.elements(table, splits)
        files.finish({"cell_types": list(CELLS), "cuts": {cell: [-0.5, 0.0, 0.5] for cell in CELLS}}, "# card")
    return folder


def run(bench: Path, out: Path, *more: str, arms: tuple[str, ...] = ARMS) -> Result:
    asked = ("--arms", "--data", str(bench), "--contenders", ",".join(arms), "--threads", "1", "-o", str(out))
    return CliRunner().invoke(cli, ["evaluate", *asked, *PLAN, *more])


@pytest.fixture(scope="module")
def out(bench: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "arms"
    with pytest.MonkeyPatch.context() as short:
        short.setattr(language, "MOST_TOKENS", 12)
        result = run(bench, folder)
    assert result.exit_code == 0, result.output
    assert result.stdout == (folder / "arms.md").read_text()
    return folder


def test_every_arm_is_reported_on_the_same_elements(out: Path) -> None:
    with (out / "arms.tsv").open() as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    assert [(row["arm"], row["cell type"], row["n"]) for row in rows] == [
        (arm, cell, n) for arm in ARMS for cell, n in (("K562", "15"), ("HepG2", "14"))
    ]
    text = (out / "arms.md").read_text()
    assert "What reasoning is worth" in text and "| paper-generated | paper-filler |" in text
    assert "the same 40 elements" in text and str(out) not in text and "nan" not in text


def test_language_models_learn_from_the_drawn_elements_alone(out: Path) -> None:
    for family in ("sequence", "paper", "evidence"):
        examples = {
            split: [json.loads(line) for line in (out / "language" / f"{family}-{split}.jsonl").open()]
            for split in ("train", "val", "judged")
        }
        names = {split: {one["id"] for one in found} for split, found in examples.items()}
        assert {split: len(found) for split, found in names.items()} == {"train": 40, "val": 12, "judged": TEST}
        assert all(int(name[1:]) % 6 < 4 for name in names["train"])  # chr1 to chr4
        assert {int(name[1:]) % 6 for name in names["val"]} == {4} and {int(n[1:]) % 6 for n in names["judged"]} == {5}


def test_a_second_call_makes_nothing_again_and_one_arm_more_takes_up_its_first_stage(bench: Path, out: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.safetensors")}
    with pytest.MonkeyPatch.context() as short:
        short.setattr(language, "MOST_TOKENS", 12)
        result = run(bench, out, arms=("gc", "paper-generated", "paper-paraphrase"))
    assert result.exit_code == 0, result.output
    after = {path: path.stat().st_mtime_ns for path in out.rglob("*.safetensors")}
    assert {path: after[path] for path in before} == before
    assert {path.parts[-3] for path in after.keys() - before.keys()} == {"paper-paraphrase.0.fitted"}


def test_a_dry_run_tells_the_plan_and_makes_nothing(bench: Path, out: Path, tmp_path: Path) -> None:
    result = run(bench, tmp_path / "none", "--dry-run", arms=("gc", "light", "paper-generated"))
    assert result.exit_code == 0 and not (tmp_path / "none").exists()
    lines = result.stdout.splitlines()
    assert lines[0] == "40 training elements, 1 passes at 20 an update: 2 updates a stage"
    assert [line.split()[:3] for line in lines[2:5]] == [
        ["gc", "40", "none"], ["light", "40", "2"], ["paper-generated", "40", "4"],
    ]  # fmt: skip
    assert "kept" in run(bench, out, "--dry-run", arms=("gc",)).stdout


def test_options_that_do_not_go_together_are_one_line(bench: Path, tmp_path: Path) -> None:
    for more in (("--against", "a=b"), ("--learning-curve", "light"), ("--train-rows", "61")):
        result = run(bench, tmp_path / "none", *more, arms=("gc",))
        assert result.exit_code == 2 and not (tmp_path / "none").exists(), more
