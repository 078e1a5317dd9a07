"""Tables of predictions: the same values in every format, ids as data."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import os
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from card_helpers import a_told_card
from cli_helpers import AWKWARD, a_prediction
from hypothesis import given
from hypothesis import strategies as st

from cistrace.errors import OutputError
from cistrace.io.files import check_output
from cistrace.motifs.hit import MotifHit
from cistrace.predictions.ledger import LedgerInterplay, ledger_of
from cistrace.predictions.prediction import Prediction
from cistrace.predictions.table import (
    COLUMNS,
    ROW_GROUP,
    check_prediction_ending,
    prediction_object,
    prediction_output,
    tsv_field,
)
from cistrace.report.stored import read_rows
from cistrace.report.view import cell_view
from cistrace.traces.grounded import write
from cistrace.traces.positions import moved_text
from cistrace.traces.text import parse_trace, render_trace


def write_all(path: Path, predictions: list[Prediction]) -> None:
    with prediction_output(path) as write:
        for prediction in predictions:
            write(prediction_object(prediction))


@pytest.fixture
def predictions() -> list[Prediction]:
    with_traces = [a_prediction(identifier) for identifier in AWKWARD]
    unparsed = replace(a_prediction("odd"), trace=None, verification=None, ledger=None, trace_text="no trace at all")
    return [*with_traces, unparsed, a_prediction("bare", trace=False)]


@pytest.mark.parametrize("ending", [".tsv", ".tsv.gz", ".TSV"])
def test_tsv_reads_back(tmp_path: Path, predictions: list[Prediction], ending: str) -> None:
    path = tmp_path / f"out{ending}"
    write_all(path, predictions)
    content = gzip.decompress(path.read_bytes()) if ending.endswith("gz") else path.read_bytes()
    rows = list(csv.reader(io.StringIO(content.decode(), newline=""), delimiter="\t"))
    assert rows[0] == list(COLUMNS)
    assert [row[0] for row in rows[1:]] == [prediction.id for prediction in predictions]
    for row, prediction in zip(rows[1:], predictions, strict=True):
        assert float(row[2]) == pytest.approx(prediction.activity, rel=1e-8)
        assert row[7].split(";") == list(prediction.flags)
        assert row[8:10] == [str(prediction.start + 1), str(prediction.end)]
    # Whether a trace holds; empty where there is none.
    assert rows[0][10:] == ["trace_verified"]
    assert [row[10:] for row in rows[1:]] == [*[["true"]] * len(AWKWARD), ["false"], [""]]


@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_csv_reads_back_with_the_values_of_tsv(tmp_path: Path, predictions: list[Prediction], ending: str) -> None:
    write_all(tmp_path / f"out{ending}", predictions)
    write_all(tmp_path / "out.tsv", predictions)
    content = (tmp_path / f"out{ending}").read_bytes()
    content = gzip.decompress(content) if ending.endswith("gz") else content
    found = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert found == list(csv.reader(io.StringIO((tmp_path / "out.tsv").read_text(), newline=""), delimiter="\t"))
    assert b"\r\n" not in content


def test_a_bound_that_there_is_none_of_is_infinite_in_text(tmp_path: Path) -> None:
    row = {**prediction_object(a_prediction()), "lower": None, "upper": None}
    for name, mark in (("out.tsv", "\t"), ("out.csv", ",")):
        with prediction_output(tmp_path / name) as write:
            write(row)
        (found,) = csv.DictReader((tmp_path / name).read_text().splitlines(), delimiter=mark)
        assert (found["lower"], found["upper"]) == ("-inf", "inf")
        assert float(found["lower"]) == -math.inf


def test_bounds_that_cannot_be_stated_are_said_in_every_format(tmp_path: Path) -> None:
    unknown = replace(a_prediction(), lower=-math.inf, upper=math.inf, flags=("no_interval",))
    for ending in (".tsv", ".jsonl", ".parquet"):
        write_all(tmp_path / f"out{ending}", [unknown])
    (line,) = (tmp_path / "out.tsv").read_text().splitlines()[1:]
    assert line.split("\t")[3:5] == ["-inf", "inf"] and line.split("\t")[7] == "no_interval"
    row = json.loads((tmp_path / "out.jsonl").read_text(), parse_constant=pytest.fail)  # Infinity is no JSON
    (entry,) = pq.read_table(tmp_path / "out.parquet").to_pylist()
    for found in (row, entry):
        assert found["lower"] is None and found["upper"] is None and found["flags"] == ["no_interval"]


def test_a_row_out_of_the_domain_says_so_in_every_format(tmp_path: Path) -> None:
    far = replace(a_prediction(), flags=("padded", "out_of_domain"), domain_percentile=99.5)
    unknown = replace(a_prediction(), domain_percentile=None)
    for ending in (".tsv", ".csv", ".jsonl", ".parquet"):
        write_all(tmp_path / f"out{ending}", [far, unknown])
    for name, mark in (("out.tsv", "\t"), ("out.csv", ",")):
        one, _ = csv.DictReader((tmp_path / name).read_text().splitlines(), delimiter=mark)
        assert one["flags"] == "padded;out_of_domain"
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    for one, other in (lines, pq.read_table(tmp_path / "out.parquet").to_pylist()):
        assert (one["flags"], one["domain_percentile"]) == (["padded", "out_of_domain"], 99.5)
        assert other["domain_percentile"] is None
    (stored, _) = read_rows(tmp_path / "out.jsonl")
    assert "out_of_domain" in cell_view(stored)["flags"]
    assert "out_of_domain" in far._repr_html_()


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_id_survives_tsv(identifier: str) -> None:
    line = f"{tsv_field(identifier)}\tnext\n"
    ((found, following),) = csv.reader(io.StringIO(line, newline=""), delimiter="\t")
    assert (found, following) == (identifier, "next")


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
def test_jsonl_holds_everything(tmp_path: Path, predictions: list[Prediction], ending: str) -> None:
    path = tmp_path / f"out{ending}"
    write_all(path, predictions)
    content = gzip.decompress(path.read_bytes()) if ending.endswith("gz") else path.read_bytes()
    rows = [json.loads(line) for line in content.decode().splitlines()]
    assert rows == [prediction_object(prediction) for prediction in predictions]
    for row, prediction in zip(rows, predictions, strict=True):
        if prediction.trace is not None:
            assert parse_trace(row["trace"]["text"]) == prediction.trace
            assert len(row["trace"]["steps"]) == row["verification"]["claims"]
    assert rows[-2]["trace"] == {
        "steps": None, "level": None, "text": "no trace at all", "positions": "input", "written_by": "model",
    }  # fmt: skip
    assert rows[-2]["verification"]["verified"] is False
    assert {rows[-1][name] for name in ("trace", "ledger", "verification", "card_hash")} == {None}


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
def test_a_ledger_is_data(tmp_path: Path, ending: str) -> None:
    """The figures of `cli_helpers.a_card`, as the trace tells them; the stated terms add up to the activity."""
    told, untold = a_prediction(), a_prediction("two", trace=False)
    write_all(tmp_path / f"out{ending}", [told, untold])
    if ending == ".jsonl":
        rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    else:
        rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert rows[0]["ledger"] == {
        "backdrop": 0.16,
        "composition": 0.05,
        "sites": [
            {"site": 1, "tf": "ELK1", "archetype": "ETS", "start": 1, "end": 8, "strand": "+", "amount": 0.31},
            {"site": 2, "tf": "FOXA1", "archetype": "FOX", "start": 13, "end": 20, "strand": "-", "amount": -0.12},
        ],
        "interplay": [],
        "rest": 0.07,
        "correction": None,
        "total": 0.42,
    }
    assert rows[0]["activity"] == 0.42 and rows[1]["ledger"] is None


def test_a_ledger_moves_with_its_window_and_tells_interplay() -> None:
    hits = [
        MotifHit("MA0028.3", "ELK1", frozenset(), 0, 8, "+", 9.5, 1e-5),
        MotifHit("MA0148.5", "FOXA1", frozenset(), 12, 20, "-", 8.25, 2e-5),
    ]
    # Half of what the two are worth together is in either's amount.
    card = a_told_card("ACGTTGCATC" * 5, hits, [0.11, -0.52], 0.2, -0.21, interplay=-0.4)
    trace = parse_trace(moved_text(render_trace(write(card)), 150))
    found = ledger_of(trace)
    assert found is not None and found.total == -0.21
    assert {(site.site, site.tf, site.start, site.end, site.amount) for site in found.sites} == {
        (1, "FOXA1", 163, 170, -0.32), (2, "ELK1", 151, 158, 0.31),
    }  # fmt: skip
    assert found.interplay == (LedgerInterplay((1, 2), -0.4),)
    assert found.backdrop + found.rest + 0.31 - 0.32 - 0.4 == pytest.approx(-0.21)


def test_a_trace_that_tells_no_whole_has_no_ledger() -> None:
    one = a_prediction()
    assert one.trace is not None
    assert ledger_of(replace(one.trace, steps=one.trace.steps[:-1])) is None


def test_parquet_equals_jsonl(tmp_path: Path, predictions: list[Prediction]) -> None:
    path = tmp_path / "out.parquet"
    write_all(path, predictions)
    rows = pq.read_table(path).to_pylist()
    for row in rows:
        for step in (row["trace"] or {}).get("steps") or []:
            step["values"] = dict(step["values"])
    assert rows == [prediction_object(prediction) for prediction in predictions]


def test_parquet_comes_in_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    one = a_prediction(trace=False)
    write_all(path, [one] * (ROW_GROUP + 1))
    assert pq.ParquetFile(path).num_row_groups == 2


@pytest.mark.parametrize("name", ["out.tsv", "out.csv", "out.jsonl", "out.parquet"])
def test_no_prediction_is_an_empty_table(tmp_path: Path, name: str) -> None:
    write_all(tmp_path / name, [])
    assert (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["out.tsv", "out.csv", "out.tsv.gz", "out.jsonl", "out.parquet"])
@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_old_file(tmp_path: Path, name: str, fault: type[BaseException]) -> None:
    path = tmp_path / name
    path.write_text("old")
    with pytest.raises(fault), prediction_output(path) as write:
        write(prediction_object(a_prediction()))
        raise fault
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("rows", [0, 1])
def test_on_standard_output_the_header_waits_for_the_first_row(capsys: pytest.CaptureFixture[str], rows: int) -> None:
    with pytest.raises(ValueError), prediction_output(None) as write:
        for _ in range(rows):
            write(prediction_object(a_prediction()))
        raise ValueError
    assert capsys.readouterr().out.count("\n") == 2 * rows
    with prediction_output(None):
        pass
    assert capsys.readouterr().out == "\t".join(COLUMNS) + "\n"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.tsv").write_text("old")
    (tmp_path / "link.tsv").symlink_to("real.tsv")
    write_all(tmp_path / "link.tsv", [])
    assert (tmp_path / "link.tsv").is_symlink()
    assert (tmp_path / "real.tsv").read_text().startswith("id\t")


def test_equal_results_are_equal_files(tmp_path: Path) -> None:
    for name in ("a.tsv.gz", "b.tsv.gz"):
        write_all(tmp_path / name, [a_prediction()])
    assert (tmp_path / "a.tsv.gz").read_bytes() == (tmp_path / "b.tsv.gz").read_bytes()


def test_paths_are_checked_before_work(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        check_output(tmp_path)
    with pytest.raises(OutputError, match="does not exist"):
        check_output(tmp_path / "none" / "out.tsv")
    for name in ("out.xlsx", "out", "out.gz", "out.parquet.gz", "out.tsv.bz2"):
        with pytest.raises(OutputError, match="names no format"):
            check_prediction_ending(tmp_path / name)
