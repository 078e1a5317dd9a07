"""A run killed in its middle loses no finished block, and ends in the same bytes as one that was left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_helpers import DNA, StandIn, invoke, stand_in

from cistrace.cli.card import BLOCK as CARDS
from cistrace.cli.predict import BLOCK
from cistrace.cli.stages import CardStage
from cistrace.io.dna_sequence import DnaSequence
from cistrace.predictions.prediction import Prediction

pytestmark = pytest.mark.pipeline

__all__ = ["stand_in"]

KILLED_AT = 2 * BLOCK + 50
PROGRAM = f"""
import os, signal, sys
from types import ModuleType
from cli_helpers import StandIn
from cistrace.cli.main import main

class Killed(StandIn):
    seen = 0
    def stream(self, *asked):
        for prediction in super().stream(*asked):
            Killed.seen += prediction.cell_type == "K562"
            if Killed.seen > {KILLED_AT}:
                os.kill(os.getpid(), signal.SIGKILL)
            yield prediction

sys.modules["cistrace.predict"] = ModuleType("cistrace.predict")
sys.modules["cistrace.predict"].Predictor = Killed
main()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    names = ["plain", 'a"b', "tab\\there", "ä€😀"]
    records = (f'{{"id": "{names[i % 4]} {i}", "sequence": "{DNA}"}}\n'.replace('a"b', 'a\\"b') for i in range(500))
    (tmp_path / "in.jsonl").write_text("".join(records), encoding="utf-8")
    return tmp_path


def killed(*arguments: str) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{Path(__file__).parents[1]}:{os.environ.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-c", PROGRAM, "predict", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("name", ["out.tsv", "out.csv.gz", "out.jsonl", "out.jsonl.gz", "out.parquet"])
def test_a_killed_run_goes_on_to_the_same_bytes(
    folder: Path, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert invoke("predict", "in.jsonl", "-o", name).exit_code == 0
    whole = Path(name).read_bytes()
    os.unlink(name)
    killed("in.jsonl", "-o", name)
    assert not os.path.exists(name)
    made: list[int] = []

    class Counting(StandIn):
        def stream(self, sequences: Iterable[DnaSequence], *asked: Any) -> Iterator[Prediction]:
            block = list(sequences)
            made.append(len(block))
            yield from super().stream(block, *asked)

    monkeypatch.setattr(sys.modules["cistrace.predict"], "Predictor", Counting)
    refused = invoke("predict", "in.jsonl", "-o", name)
    assert refused.exit_code == 2 and refused.stderr.count("\n") == 1
    assert f"{name}.partial: holds what an interrupted run had finished" in refused.stderr
    assert not made
    done = invoke("predict", "in.jsonl", "-o", name, "--resume")
    assert done.exit_code == 0, done.stderr
    assert Path(name).read_bytes() == whole
    assert made == [500 - 2 * BLOCK]
    assert not [left for left in os.listdir() if left.endswith(".partial") and not left.startswith(".")]


def test_other_options_are_not_resumed(folder: Path, stand_in: type[StandIn]) -> None:
    killed("in.jsonl", "-o", "out.tsv")
    result = invoke("predict", "in.jsonl", "-o", "out.tsv", "--resume", "--no-trace")
    assert result.exit_code == 2
    assert "is of a run with another traces (True, not False)" in result.stderr
    assert os.path.exists("out.tsv.partial")


def test_other_expression_is_not_resumed(folder: Path, stand_in: type[StandIn]) -> None:
    Path("one.tsv").write_text("tf\ttpm\nGATA1\t9\nSP1\t9\n")
    Path("other.tsv").write_text("tf\ttpm\nGATA1\t9\nSP1\t0\n")
    Path("same.csv").write_text("gene,TPM\nsp1,1\nGATA1,2.5\nTAL1,0.5\n")
    killed("in.jsonl", "-o", "out.tsv", "--expression", "one.tsv")
    result = invoke("predict", "in.jsonl", "-o", "out.tsv", "--resume", "--expression", "other.tsv")
    assert result.exit_code == 2 and "is of a run with another expressed" in result.stderr
    assert invoke("predict", "in.jsonl", "-o", "out.tsv", "--resume").exit_code == 2
    assert invoke("predict", "in.jsonl", "-o", "out.tsv", "--resume", "--expression", "same.csv").exit_code == 0


def test_what_a_run_says_of_its_traces_is_of_the_whole_file(folder: Path, stand_in: type[StandIn]) -> None:
    killed("in.jsonl", "-o", "out.tsv")
    result = invoke("predict", "in.jsonl", "-o", "out.tsv", "--resume")
    assert result.stderr.splitlines()[-1] == "cistrace: 1,500 traces: 1,500 by the model"


def test_a_fault_far_down_loses_nothing(folder: Path, stand_in: type[StandIn]) -> None:
    """Mend it, and go on: what stands above it is not predicted again."""
    good = Path("in.jsonl").read_text(encoding="utf-8")
    Path("in.jsonl").write_text(good + '{"id": "last", "sequence": "ACGU"}\n', encoding="utf-8")
    result = invoke("predict", "in.jsonl", "-o", "out.tsv")
    assert result.exit_code == 2
    assert f"{2 * BLOCK} finished sequences are kept in out.tsv.partial" in result.stderr
    Path("in.jsonl").write_text(good, encoding="utf-8")
    assert invoke("predict", "in.jsonl", "-o", "out.tsv", "--resume").exit_code == 0
    assert len(Path("out.tsv").read_text(encoding="utf-8").splitlines()) == 1 + 3 * 500


def test_resume_needs_a_file(folder: Path, stand_in: type[StandIn]) -> None:
    for output in ((), ("-o", "-")):
        result = invoke("predict", "in.jsonl", "--resume", *output)
        assert result.exit_code == 2 and "--resume needs -o FILE" in result.stderr


@pytest.mark.parametrize("name", ["cards.txt.gz", "cards.jsonl"])
def test_cards_go_on_to_the_same_bytes(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    form = "json" if name.endswith("jsonl") else "text"
    asked = ("card", "in.jsonl", "--cell-type=all", "--evidence=none", f"--format={form}", "--threads=1", "-o", name)
    assert invoke(*asked).exit_code == 0
    whole = Path(name).read_bytes()
    os.unlink(name)
    made: list[int] = []

    class Counting(CardStage):
        def work(self, task: list[DnaSequence]) -> Iterator[str]:
            made.append(len(task))
            if len(made) == 3:
                raise KeyboardInterrupt
            return super().work(task)

    monkeypatch.setattr("cistrace.cli.card.CardStage", Counting)
    cut = invoke(*asked)
    assert cut.exit_code == 130 and f"{2 * CARDS:,} finished sequences are kept in {name}.partial" in cut.stderr
    assert not os.path.exists(name)
    other = invoke(*asked, "--resume", "--windows=all")
    assert other.exit_code == 2 and "with another windows (best, not all)" in other.stderr
    assert invoke(*asked, "--resume").exit_code == 0
    assert Path(name).read_bytes() == whole
    assert made == [CARDS, CARDS, 500 - 2 * CARDS, 500 - 2 * CARDS]
    assert not os.path.exists(f"{name}.partial")
