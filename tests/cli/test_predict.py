"""`cistrace predict`: what it says of traces, and of the factors that a cell expresses."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from cli_helpers import CELL_TYPES, FASTA, StandIn, invoke, stand_in

from cistrace.predictions.prediction import Prediction
from cistrace.traces.trace import WrittenBy

__all__ = ["stand_in"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stand_in: type[StandIn]) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.fa").write_text(FASTA)
    return tmp_path


def test_a_table_says_whether_traces_hold(folder: Path) -> None:
    for options, expected in (((), "true"), (("--no-trace",), "")):
        assert invoke("predict", "in.fa", "-o", "out.tsv", *options).exit_code == 0
        with open("out.tsv", newline="") as handle:
            rows = list(csv.DictReader(handle, delimiter="\t"))
        assert len(rows) == 2 * len(CELL_TYPES) and {row["trace_verified"] for row in rows} == {expected}


def test_the_activity_of_a_line_is_its_ledgers_total(folder: Path) -> None:
    assert invoke("predict", "in.fa", "-o", "out.jsonl").exit_code == 0
    for line in (folder / "out.jsonl").read_text().splitlines():
        row = json.loads(line)
        assert row["activity"] == row["ledger"]["total"] == 0.42 and row["trace"]["written_by"] == "model"


@pytest.mark.parametrize("output", [("-o", "out.tsv"), ()])
def test_who_wrote_is_counted_on_stderr(
    folder: Path, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch, output: tuple[str, ...]
) -> None:
    writers: Iterator[WrittenBy] = cycle(["model", "model again", "model", "grounded writer", "model", "model again"])
    plain = stand_in.stream

    def stream(self: StandIn, *asked: Any) -> Iterator[Prediction]:
        return (replace(one, written_by=next(writers)) for one in plain(self, *asked))

    monkeypatch.setattr(stand_in, "stream", stream)
    result = invoke("predict", "in.fa", *output)
    assert result.exit_code == 0
    said = "cistrace: 6 traces: 3 by the model, 2 by the model again, 1 by the grounded writer"
    assert result.stderr.splitlines()[1:] == [said]
    one = invoke("predict", "-", "--cell-type", "K562", *output, stdin=FASTA.partition(">two")[0])
    assert one.stderr.splitlines()[1:] == ["cistrace: 1 trace: 1 by the model"]


def test_where_no_trace_is_written_the_device_alone_is_said(folder: Path) -> None:
    said = invoke("predict", "in.fa", "--no-trace", "--threads", "1").stderr
    assert said == "cistrace: computing on cpu, 1 thread\n"
    assert invoke("predict", "in.fa", "--no-trace", "--device", "cpu", "--threads", "2").stderr.endswith("2 threads\n")


def test_a_device_that_is_not_there_is_refused_with_those_that_are(folder: Path) -> None:
    for command in (("predict",), ("card", "--cell-type", "K562")):
        result = invoke(command[0], "in.fa", *command[1:], "--device", "cuda:77", "-o", "out.tsv")
        assert result.exit_code == 2 and "device 'cuda:77': cannot be used" in result.stderr
        assert "expected cpu" in result.stderr and not list(folder.glob("out*"))


def test_auto_is_a_device_that_is_there(folder: Path) -> None:
    from cistrace.checkpoints.device import available_devices

    said = invoke("predict", "in.fa", "--device", "auto").stderr.splitlines()[0]
    place = said.removeprefix("cistrace: computing on ").partition(",")[0]
    assert place in {name.partition(":")[0] for name in available_devices()}


def test_an_expression_table_reaches_the_model(
    folder: Path, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[object] = []

    class Hearing(StandIn):
        def __init__(self, *arguments: Any, expressed: frozenset[str] | None) -> None:
            super().__init__(*arguments)
            heard.append(expressed)

    monkeypatch.setattr(sys.modules["cistrace.predict"], "Predictor", Hearing)
    (folder / "rna.tsv").write_text("gene\tTPM\nGATA1\t50\nTAL1\t0.9\nsp1\t1\n")
    assert invoke("predict", "in.fa", "--expression", "rna.tsv").exit_code == 0
    assert invoke("predict", "in.fa").exit_code == 0
    assert heard == [frozenset({"GATA1", "SP1"}), None]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("gene\tcount\nSP1\t3\n", "rna.tsv: found columns"),
        ("gene\ttpm\nSP1\tmuch\n", "rna.tsv, line 2: found expression 'much', expected a number"),
        ("gene\ttpm\nSP1\t0.1\n", "rna.tsv: calls no gene expressed"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(folder: Path, table: str, said: str) -> None:
    (folder / "rna.tsv").write_text(table)
    result = invoke("predict", "in.fa", "--expression", "rna.tsv", "-o", "out.tsv")
    assert result.exit_code == 2 and said in result.stderr and result.stdout == ""
    assert not list(folder.glob("*out*"))


def test_cards_name_sites_by_what_is_expressed(folder: Path) -> None:
    (folder / "box.fa").write_text(">box\n" + "ACTCAGATTA" * 4 + "GGGGGCGGGGCC" + "TCATGAACTA" * 4 + "\n")
    (folder / "rna.tsv").write_text("symbol\tTPM\nKLF5\t20\n")
    named = {}
    for options in ((), ("--expression", "rna.tsv")):
        result = invoke("card", "box.fa", "--cell-type", "K562", "--format", "json", *options)
        assert result.exit_code == 0, result.stderr
        card = json.loads(result.stdout)["card"]
        named[options] = {site["tf"] for site in card["sites"]}
    assert "SP1" in named[()] and named["--expression", "rna.tsv"] == {"KLF5"}
