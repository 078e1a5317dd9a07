"""Rows of tables of every format, and the faults of files."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_helpers import made, one_line, table_text, write_xlsx

from cistrace.mpra.rows import TableRow, read_rows


def values(path: Path, **options: object) -> list[dict[str, object]]:
    return [row.values for row in read_rows(path, **options)]  # type: ignore[arg-type]


def every(path: Path, **options: object) -> list[TableRow]:
    return list(read_rows(path, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.txt"])
def test_delimited(tmp_path: Path, name: str) -> None:
    text = 'id,seq,,x\n\na,ACGT,1,"b, c"\nb,AC,2\nc,GG,3,\n'
    path = made(tmp_path, name, gzip.compress(text.encode(), mtime=0) if name.endswith("gz") else text)
    first, ragged, last = every(path)
    assert first == (3, {"id": "a", "seq": "ACGT", "column 3": "1", "x": "b, c"}, "")
    assert ragged.line == 4 and ragged.values == {} and "found 3 fields, expected 4" in ragged.fault
    assert last.values["x"] == ""


def test_jsonl_keeps_types(tmp_path: Path) -> None:
    rows = [{"id": "a", "x": 1.5, "y": None}, {"id": 7, "z": True}]
    text = "\n\n".join(map(json.dumps, rows)) + "\n"
    for name, content in (("a.jsonl", text.encode()), ("b.jsonl.gz", gzip.compress(text.encode(), mtime=0))):
        found = every(made(tmp_path, name, content))
        assert [row.values for row in found] == rows
        assert [row.line for row in found] == [1, 3]


def test_parquet(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["a", "b"], "x": [0.5, None]}), path)
    assert every(path) == [(1, {"id": "a", "x": 0.5}, ""), (2, {"id": "b", "x": None}, "")]
    whole = path.read_bytes()
    assert "not a whole Parquet file" in one_line(every, made(tmp_path, "torn.parquet", whole[:-20]))


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)] * 2), min_size=1
    )
)
def test_csv_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    import csv

    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with open(path, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, quoting=csv.QUOTE_ALL)
        writer.writerows([("first", "second"), *rows])
    assert [tuple(row.values.values()) for row in read_rows(path)] == rows


def test_spreadsheet(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    body: list[list[object]] = [
        ["Table S11. Titles", None],
        [None, None],
        ["name", "K562"],
        ["a", 1.5],
        [None, None],
        ["b", None],
    ]
    path = write_xlsx(tmp_path / "a.xlsx", {"data": body, "more": [["name", "x"], ["z", 2]]})
    found = every(path, asked=("NAME",))
    assert [row.line for row in found] == [4, 6]
    assert found[0].values == {"name": "a", "K562": 1.5}
    assert found[1].values == {"name": "b", "K562": ""}
    assert values(path, sheet="more") == [{"name": "z", "x": 2.0}]
    assert "no sheet 'third'; found 'data', 'more'" in one_line(every, path, sheet="third")
    assert "no row of the first 50 is a header with 'other'" in one_line(every, path, asked=("other",))
    assert "the sheet is empty" in one_line(every, write_xlsx(tmp_path / "b.xlsx", {"data": []}))
    torn = made(tmp_path, "torn.xlsx", path.read_bytes()[:200])
    assert "not a whole spreadsheet" in one_line(every, torn)


def test_spreadsheet_without_its_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"data": [["name", "x"], ["a", 1]]})
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    assert "pip install 'cistrace[reasonbench]'" in one_line(every, path)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.csv", b"", "is empty"),
        ("header.csv", b"id,seq\n", "holds no rows"),
        ("blank.csv", b"\n\n \n", "holds no rows"),
        ("blank.jsonl", b"\n\n", "holds no rows"),
        ("twice.csv", b"id,x,x\na,1,2\n", "two columns are called 'x'"),
        ("nul.csv", b"id,x\na,\0\n", "NUL bytes"),
        ("latin.csv", b"id,x\na,\xff\n", "not UTF-8"),
        ("torn.csv.gz", gzip.compress(table_text(["a"], [["x" * 50]] * 900).encode(), mtime=0)[:-12], "gzip"),
        ("array.jsonl", b"[1]\n", "a JSON list"),
        ("a.parquet", b"no", "not a whole Parquet file"),
    ],
)
def test_file_faults(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    assert expected in one_line(every, made(tmp_path, name, content))


def test_paths_that_are_no_table(tmp_path: Path) -> None:
    assert "no such file" in one_line(every, tmp_path / "absent.csv")
    assert "is a folder" in one_line(every, tmp_path)
    assert "cannot be read twice" in one_line(every, "-")
    path = made(tmp_path, "a.csv", "id\na\n")
    assert "is no spreadsheet" in one_line(every, path, sheet="data")
