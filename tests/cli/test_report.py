"""`cistrace report`, and `cistrace predict --report`: the same page, whole or not at all."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_helpers import CELL_TYPES, DNA, FASTA, StandIn, invoke, stand_in
from report_helpers import data_of

from cistrace.io.journal import journal_path

__all__ = ["stand_in"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stand_in: type[StandIn]) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.fa").write_text(FASTA)
    return tmp_path


def data(name: str = "out.html") -> dict[str, Any]:
    return data_of(Path(name).read_text(encoding="utf-8"))


def test_a_page_stands_in_the_place_of_the_table(folder: Path) -> None:
    result = invoke("predict", "in.fa", "--report", "out.html")
    assert result.exit_code == 0 and result.stdout == ""
    assert sorted(os.listdir(folder)) == ["in.fa", "out.html"]
    found = data()
    assert [view["id"] for view in found["sequences"]] == ["one", "two"] and found["title"] == "in.fa"
    assert [cell["cell_type"] for cell in found["sequences"][0]["cells"]] == list(CELL_TYPES)
    assert [view["windows"][0]["bases"] for view in found["sequences"]] == [DNA, DNA[::-1]]


def test_a_page_beside_a_table_leaves_the_table_as_it_is(folder: Path) -> None:
    for name in ("a.jsonl", "a.tsv", "a.parquet"):
        assert invoke("predict", "in.fa", "-o", name).exit_code == 0
        assert invoke("predict", "in.fa", "-o", f"b{name}", "--report", "out.html").exit_code == 0
        assert (folder / name).read_bytes() == (folder / f"b{name}").read_bytes()
    assert invoke("predict", "in.fa", "-o", "-", "--report", "out.html").stdout.startswith("id\tcell_type")


def test_without_traces_a_page_has_the_activity_alone(folder: Path) -> None:
    assert invoke("predict", "in.fa", "--no-trace", "--report", "out.html").exit_code == 0
    assert {cell["trace"] for view in data()["sequences"] for cell in view["cells"]} == {None}


@pytest.mark.parametrize("table", [(), ("-o", "out.jsonl")])
def test_a_page_goes_on_after_an_interruption(
    folder: Path, monkeypatch: pytest.MonkeyPatch, table: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys.modules["cistrace.cli.predict"], "BLOCK", 1)
    assert invoke("predict", "in.fa", "--report", "whole.html").exit_code == 0
    (folder / "torn.fa").write_text(FASTA + ">three\nACGU\n")
    result = invoke("predict", "torn.fa", "--report", "out.html", *table)
    assert result.exit_code == 2 and not (folder / "out.html").exists()
    assert journal_path(folder / (table[-1] if table else "out.html")).exists()
    again = invoke("predict", "in.fa", "--report", "out.html", *table, "--resume")
    assert again.exit_code == 0, again.stderr
    assert (folder / "out.html").read_bytes() == (folder / "whole.html").read_bytes()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--report", "out.tsv"), "expected .html"),
        (("--report", "nowhere/out.html"), "does not exist"),
        (("--report", "in.html", "-o", "out.tsv"), "is also read or written"),
        (("--report", "in.html"), "is also the input"),
        (("--report", "same.html", "-o", "same.html"), "names no format"),
    ],
)
def test_a_page_that_cannot_be_written_is_refused_before_any_work(
    folder: Path, options: tuple[str, ...], said: str
) -> None:
    (folder / "in.html").write_text(FASTA)
    result = invoke("predict", "in.html", *options)
    assert result.exit_code == 2 and said in result.stderr and sorted(os.listdir(folder)) == ["in.fa", "in.html"]


def test_stored_predictions_are_drawn_as_those_at_hand(folder: Path) -> None:
    assert invoke("predict", "in.fa", "-o", "out.jsonl", "--report", "now.html").exit_code == 0
    result = invoke("report", "out.jsonl", "--sequences", "in.fa", "-o", "out.html")
    assert result.exit_code == 0 and result.stdout == ""
    assert "made by checkpoint c0ffee, and the shipped model is" in result.stderr
    now, stored = data("now.html"), data()
    assert stored["title"] == "out.jsonl" and stored["scales"] == {}
    for one, other in zip(now["sequences"], stored["sequences"], strict=True):
        assert one["windows"] == other["windows"]
        for cell, kept in zip(one["cells"], other["cells"], strict=True):
            assert cell["steps"] == kept["steps"] and cell["trace"] == kept["trace"]
            assert [site["number"] for site in cell["sites"]] == [site["number"] for site in kept["sites"]]


def test_predictions_whose_sequence_is_missing_are_counted(folder: Path) -> None:
    assert invoke("predict", "in.fa", "-o", "out.jsonl").exit_code == 0
    (folder / "one.fa").write_text(f">one\n{DNA}\n")
    result = invoke("report", "out.jsonl", "--sequences", "one.fa", "-o", "out.html")
    assert "cistrace: 3 predictions without bases: --sequences hold none of that id" in result.stderr.splitlines()
    assert [view["windows"][0]["bases"] for view in data()["sequences"]] == [DNA, None]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-o", "out.tsv"), "expected .html"),
        (("-o", "out.htm"), "expected .html"),
        (("-o", "out.html", "--contributions"), "--contributions needs --sequences"),
        (("-o", "out.html", "--sequences", "short.fa"), "one: found 20 bp in the sequence given"),
        (("-o", "out.html", "--sequences", "none.fa"), "none.fa: no such file"),
    ],
)
def test_what_cannot_be_drawn_is_refused(folder: Path, options: tuple[str, ...], said: str) -> None:
    assert invoke("predict", "in.fa", "-o", "out.jsonl").exit_code == 0
    (folder / "short.fa").write_text(f">one\n{DNA[:20]}\n")
    result = invoke("report", "out.jsonl", *options)
    assert result.exit_code == 2 and said in result.stderr and not list(folder.glob("*.html"))


def test_predictions_of_two_models_are_refused(folder: Path) -> None:
    assert invoke("predict", "in.fa", "-o", "out.jsonl").exit_code == 0
    lines = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    lines[3]["provenance"]["checkpoint"] = "decaf"
    (folder / "two.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = invoke("report", "two.jsonl", "-o", "out.html")
    assert result.exit_code == 2 and "of checkpoints c0ffee and decaf" in result.stderr
    assert not (folder / "out.html").exists()
