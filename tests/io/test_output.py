"""Result files: whole or not at all, the same values in every format, ids as data."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cli_helpers import a_card, a_prediction
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from cistrace.cards.json import card_hash, read_card
from cistrace.cards.text import parse_card, render_card
from cistrace.errors import OutputError
from cistrace.io.output import (
    CARD_LAYOUTS,
    COLUMNS,
    ROW_GROUP,
    check_output,
    check_prediction_ending,
    prediction_object,
    prediction_output,
    printable,
    show_predictions,
    text_output,
    tsv_field,
    verdict,
    whole_file,
)
from cistrace.predictions.prediction import Prediction
from cistrace.traces.parse import parse_trace

AWKWARD = ["plain", "[red]x[/red]", 'a"b', '"quoted"', "tab\there", "line\nend", "\x1b[31mred", "back\\slash", "ä€😀"]


def write_all(path: Path, predictions: list[Prediction]) -> None:
    with prediction_output(path) as write:
        for prediction in predictions:
            write(prediction)


@pytest.fixture
def predictions() -> list[Prediction]:
    with_traces = [a_prediction(identifier) for identifier in AWKWARD]
    unparsed = replace(a_prediction("odd"), trace=None, verification=None, trace_text="no trace at all")
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
    assert rows[-2]["trace"] == {"steps": None, "level": None, "text": "no trace at all"}
    assert rows[-2]["verification"]["verified"] is False
    assert rows[-1]["trace"] is None and rows[-1]["verification"] is None


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


@pytest.mark.parametrize("name", ["out.tsv", "out.jsonl", "out.parquet"])
def test_no_prediction_is_an_empty_table(tmp_path: Path, name: str) -> None:
    write_all(tmp_path / name, [])
    assert (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["out.tsv", "out.tsv.gz", "out.jsonl", "out.parquet"])
@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_old_file(tmp_path: Path, name: str, fault: type[BaseException]) -> None:
    path = tmp_path / name
    path.write_text("old")
    with pytest.raises(fault), prediction_output(path) as write:
        write(a_prediction())
        raise fault
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == [name]


def test_a_full_disk_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No space left"), whole_file(tmp_path / "x"):
        raise OSError(28, "No space left on device")
    assert not os.listdir(tmp_path)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.tsv").write_text("old")
    (tmp_path / "link.tsv").symlink_to("real.tsv")
    write_all(tmp_path / "link.tsv", [])
    assert (tmp_path / "link.tsv").is_symlink()
    assert (tmp_path / "real.tsv").read_text().startswith("id\t")


def test_a_device_is_not_replaced() -> None:
    with text_output(Path("/dev/null")) as out:
        out.write("gone")
    assert Path("/dev/null").is_char_device()


def test_a_pipe_by_its_number_is_written_in_place() -> None:
    reading, writing = os.pipe()
    path = Path(f"/dev/fd/{writing}")
    check_output(path)
    with text_output(path) as out:
        out.write("through")
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert pipe.read() == "through"


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


@given(st.text())
def test_nothing_printable_steers_a_terminal(text: str) -> None:
    assert all(letter.isprintable() or letter in "\n\t \u2028\u2029" or letter.isspace() for letter in printable(text))


def test_printable_leaves_plain_text_alone() -> None:
    assert printable("plain ä€😀\n\ttext") == "plain ä€😀\n\ttext"
    assert printable("\x1b[31m\r\u202e\x9b") == "\\x1b[31m\\r\\u202e\\x9b"


@pytest.mark.parametrize("identifier", AWKWARD)
def test_terminal_shows_ids_as_data(identifier: str) -> None:
    screen = io.StringIO()
    show_predictions([a_prediction(identifier)], Console(file=screen, width=200, color_system=None))
    shown = screen.getvalue()
    assert "\x1b" not in shown
    assert printable(identifier).split("\n")[0].split("\t")[0] in shown
    assert "Verified: all" in shown and "Level: 2" in shown


def test_a_table_fits_eighty_columns() -> None:
    screen = io.StringIO()
    rows = [replace(a_prediction("chr5_15796630_hESCT0", trace=False), flags=("padded", "low_complexity"))] * 2
    show_predictions(rows, Console(file=screen, width=80, color_system=None))
    head, first, second, *_ = screen.getvalue().splitlines()
    assert head.split() == ["id", "cell", "activity", "90", "%", "interval", "pctile", "level", "flags"]
    assert first.startswith("chr5_15796630_hESCT0 ") and "-0.33 to +0.67" in first and first.rstrip().endswith("padded")
    assert second.strip() == "low_complexity"


def test_verdict_names_what_failed() -> None:
    good = a_prediction()
    assert good.verification is not None and good.trace is not None
    first = replace(good.verification.findings[0], supported=False, found="0.999")
    spoilt = replace(
        good.verification, findings=(first, *good.verification.findings[1:]), supported=good.verification.supported - 1
    )
    lines = verdict(replace(good, verification=spoilt)).splitlines()
    assert lines[0].startswith("Not verified")
    assert lines[1].endswith("the card 0.999")
    assert "concludes level 1; the activity is of level 2" in verdict(replace(good, trace=replace(good.trace, level=1)))
    assert "concludes" not in verdict(good)
    assert "not a trace" in verdict(replace(good, trace=None, verification=None))


@pytest.mark.parametrize("identifier", AWKWARD)
def test_text_cards_part_at_their_header(identifier: str) -> None:
    card = a_card()
    block = CARD_LAYOUTS["text"](identifier, (10, 44), (), card)
    header, _, rest = block.partition("\n")
    assert header.startswith("=== ") and header.endswith(" [11-44] K562")
    assert rest.endswith("\n\n")
    assert "\n=== " not in rest
    assert render_card(parse_card(rest)) == render_card(card)


def test_json_cards_read_back() -> None:
    card = a_card()
    row = json.loads(CARD_LAYOUTS["json"]("one", (0, 34), ("padded",), card))
    assert row["hash"] == card_hash(card)
    assert read_card(row["card"]) == card
    assert (row["id"], row["window"], row["flags"]) == ("one", [0, 34], ["padded"])


def test_every_layout_states_what_is_unusual() -> None:
    for layout in CARD_LAYOUTS.values():
        assert "ambiguous:2" in layout("one", (0, 34), ("padded", "ambiguous:2"), a_card())


def test_chat_cards_ask_for_a_trace() -> None:
    card = a_card()
    row = json.loads(CARD_LAYOUTS["sharegpt"]("one", (0, 34), (), card))
    assert [message["role"] for message in row["messages"]] == ["system", "user"]
    assert row["messages"][1]["content"] == render_card(card)
