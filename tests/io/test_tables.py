"""CSV, TSV, JSONL and Parquet as sequences."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sequence_helpers import (
    ROUND_TRIP,
    A,
    B,
    file_error,
    made,
    pairs,
    record_error,
    records,
    same_again,
    skipped,
)

from cistrace.io import parquet_rows, streams, tables
from cistrace.io.rejects import write_rejects
from cistrace.io.sequences import read_sequences

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

# ---- CSV and TSV


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", f"id,sequence\na,{A}\nb,{B}\n"),
        ("a.csv", f"\ufeffID,x,Sequence\r\na,1,{A}\r\n\r\nb,2,{B} \r\n"),
        ("a.csv", f'"Name";"SEQ"\n"a";"{A}"\n"b";"{B}"\n'),
        ("a.tsv", f"#sequence_id\tbases, upper\tbases\na\t1,2\t{A}\n\nb\t3,4\t{B.lower()}\n"),
        ("a.txt", f"bases\tname\n{A}\ta\n{B}\tb"),
        ("a", f"\n  \nid,sequence\na,{A}\n   \nb,{B}\n"),
        ("a.csv", f"id,name,seq,sequence\na,x,ACGT,{A}\nb,y,ACGT,{B}\n"),
    ],
)
def test_tables(tmp_path: Path, name: str, text: str) -> None:
    assert pairs(made(tmp_path, name, text)) == [("a", A), ("b", B)]
    assert pairs(made(tmp_path, name + ".gz", gzip.compress(text.encode()))) == [("a", A), ("b", B)]


def test_rows_without_ids_are_numbered(tmp_path: Path) -> None:
    path = made(tmp_path, "a.csv", f"sequence\n{A}\n\nACGU\n{A}\n")
    good, rejects = skipped(path)
    assert good == [("row1", A), ("row3", A)]
    assert [(r.record, r.number) for r in rejects] == [("2", 4)]


def test_ids_of_tables_are_whole_fields(tmp_path: Path) -> None:
    path = made(tmp_path, "a.csv", f'id,seq\n" a, ""b""\nc ",{A}\n=1+1,{B}\n')
    assert pairs(path) == [(' a, "b"\nc ', A), ("=1+1", B)]


def test_named_columns(tmp_path: Path) -> None:
    path = made(tmp_path, "a.csv", f"id,Tag,sequence,probe\na,x,ACGT,{A}\n")
    assert pairs(path, id_column="tag", sequence_column="probe") == [("x", A)]
    message = file_error(path, id_column="label")
    assert "no column 'label'" in message and "'id', 'Tag', 'sequence', 'probe'" in message
    exact = made(tmp_path, "b.csv", f"A,a,seq\n1,2,{A}\n")
    assert pairs(exact, id_column="a") == [("2", A)]


def test_missing_and_doubled_columns(tmp_path: Path) -> None:
    message = file_error(made(tmp_path, "a.csv", f"id,dna\na,{A}\n"))
    assert "no sequence column" in message and "'id', 'dna'" in message and "sequence, seq, bases" in message
    assert "2 columns are called 'id'" in file_error(made(tmp_path, "b.csv", f"id,ID,seq\na,b,{A}\n"))
    wide = made(tmp_path, "c.csv", ",".join(f"column{i}" * 20 for i in range(500)))
    assert len(file_error(wide)) < 1000 and "and 488 more" in file_error(wide)


def test_rows_of_the_wrong_width(tmp_path: Path) -> None:
    path = made(tmp_path, "a.csv", f"id,x,sequence\na,1,{A}\nb,{B}\nc,1,{B},\n\nd,1,\n,1,{A}\ne,1,{A}\n")
    good, rejects = skipped(path)
    assert good == [("a", A), ("e", A)]
    assert [(r.record, r.number) for r in rejects] == [("b", 3), ("c", 4), ("d", 6), ("5", 7)]
    assert "found 2 fields, expected 3" in rejects[0].reason and "is empty" in rejects[2].reason


def test_quotes_that_do_not_close(tmp_path: Path) -> None:
    message = file_error(made(tmp_path, "a.csv", f'id,sequence\na,{A}\n"b,{B}\nc,{A}\n'))
    assert "line 3 is not a row" in message


def test_lines_have_a_limit_in_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAXIMUM_LINE", 200_000)
    monkeypatch.setattr(tables, "MAXIMUM_LINE", 200_000)
    assert "line 2 is longer than 200,000" in file_error(made(tmp_path, "a.csv", "seq\n" + "A" * 200_001))
    long = "ACGT" * 40_000
    assert pairs(made(tmp_path, "b.csv", "seq\n" + long)) == [("row1", long)]


# ---- JSONL


def test_jsonl(tmp_path: Path) -> None:
    rows = [{"ID": 7, "Sequence": A}, {"Sequence": B, "ID": "b", "more": [1]}]
    path = made(tmp_path, "a.jsonl", "\ufeff" + "\r\n\r\n".join(map(json.dumps, rows)))
    assert pairs(path) == [("7", A), ("b", B)]
    bare = made(tmp_path, "b.jsonl", json.dumps({"seq": A}) + "\n" + json.dumps({"seq": B}))
    assert pairs(bare) == [("row1", A), ("row2", B)]


@pytest.mark.parametrize(
    "bad", ["{", "[1, 2]", "3", "null", "nonsense", "[" * 100_000, '{"id": ' + "9" * 5000 + "}"], ids=range(7)
)
def test_malformed_jsonl_line(tmp_path: Path, bad: str) -> None:
    path = made(tmp_path, "a.jsonl", json.dumps({"id": "a", "seq": A}) + "\n\n" + bad + "\n")
    assert "line 3 is" in file_error(path)


def test_jsonl_columns_and_types(tmp_path: Path) -> None:
    assert "columns 'id', 'dna'" in file_error(made(tmp_path, "a.jsonl", '{"id": "a", "dna": "ACGT"}'))
    assert "found no columns" in file_error(made(tmp_path, "b.jsonl", "{}"))
    rows = [
        {"id": "a", "seq": A},
        {"id": "b"},
        {"seq": B},
        {"id": 1.5, "seq": B},
        {"id": True, "seq": B},
        {"id": "c", "seq": 5},
        {"id": "\ud800", "seq": B},
        {"id": "d", "seq": B},
    ]
    path = made(tmp_path, "c.jsonl", "\n".join(map(json.dumps, rows)))
    good, rejects = skipped(path)
    assert good == [("a", A), ("d", B)]
    assert [r.number for r in rejects] == [2, 3, 4, 5, 6, 7]
    words = ["'seq' is missing", "id is empty", "is a float", "is a bool", "'seq' is a int", "surrogate"]
    assert all(word in reject.reason for word, reject in zip(words, rejects, strict=True))
    write_rejects(rejects, tmp_path / "rejects.tsv")


# ---- Parquet


def parquet(path: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), path, row_group_size=2)
    return path


def test_parquet_of_one_large_row_group_is_read_in_batches(tmp_path: Path) -> None:
    """60,000 rows in one row group, 12 MB of bases: only some batches of them are in Arrow's memory at a time."""
    path = tmp_path / "large.parquet"
    rows = 60_000
    letters = np.random.default_rng(0).choice(list("ACGT"), (rows, 200))
    pq.write_table(pa.table({"sequence": ["".join(row) for row in letters]}), path, row_group_size=rows)
    assert pq.read_metadata(path).num_row_groups == 1
    before, most = pa.total_allocated_bytes(), 0
    for count, _ in enumerate(read_sequences(path), 1):
        if count % 1000 == 0:
            most = max(most, pa.total_allocated_bytes() - before)
    assert count == rows and most < 4_000_000


def test_parquet_over_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_rows, "PARQUET_BATCH", 2)
    names = [f"s{i}" for i in range(5)]
    path = parquet(tmp_path / "a.parquet", Name=names, other=[1] * 5, SEQ=[A, B, A.lower(), B, A])
    assert pairs(path) == list(zip(names, [A, B, A, B, A], strict=True))


def test_parquet_types(tmp_path: Path) -> None:
    coded = pa.array([A, B]).dictionary_encode()
    assert pairs(parquet(tmp_path / "a.parquet", id=[1, 2], seq=coded)) == [("1", A), ("2", B)]
    large = pa.array([A, None], pa.large_string())
    good, rejects = skipped(parquet(tmp_path / "b.parquet", seq=large))
    assert good == [("row1", A)] and [(r.record, r.number) for r in rejects] == [("2", 2)]
    assert "row 2" in record_error(tmp_path / "b.parquet")
    assert "holds int64; expected text" in file_error(parquet(tmp_path / "c.parquet", seq=[1]))
    assert "columns 'id', 'dna'" in file_error(parquet(tmp_path / "d.parquet", id=[1], dna=[A]))
    assert "no records" in file_error(parquet(tmp_path / "e.parquet", seq=pa.array([], pa.string())))


def test_torn_parquet(tmp_path: Path) -> None:
    content = parquet(tmp_path / "a.parquet", id=["a"] * 50, seq=[A] * 50).read_bytes()
    assert "torn.parquet" in file_error(made(tmp_path, "torn.parquet", content[:-20]))
    assert "half.pq" in file_error(made(tmp_path, "half.pq", content[: len(content) // 2]))
    assert "name" in file_error(made(tmp_path, "name", content[:40]))


# ---- properties

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


def written_table(separator: str) -> Callable[[dict[str, str]], bytes]:
    def written(rows: dict[str, str]) -> bytes:
        quoted = ('"' + name.replace('"', '""') + '"' for name in rows)
        lines = [f"id{separator}sequence", *map(separator.join, zip(quoted, rows.values(), strict=True))]
        return "\r\n".join(lines).encode()

    return written


def written_jsonl(rows: dict[str, str]) -> bytes:
    return "\n".join(json.dumps({"id": name, "seq": bases}) for name, bases in rows.items()).encode()


def written_parquet(rows: dict[str, str]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": list(rows), "sequence": list(rows.values())}), sink, row_group_size=2)
    return sink.getvalue()


@ROUND_TRIP
@given(records(TEXTS))
@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.csv", written_table(",")),
        ("a.tsv", written_table("\t")),
        ("a.txt", written_table(";")),
        ("a.jsonl", written_jsonl),
        ("a.parquet", written_parquet),
    ],
    ids=["csv", "tsv", "semicolons", "jsonl", "parquet"],
)
def test_round_trip_tables(
    tmp_path: Path, name: str, write: Callable[[dict[str, str]], bytes], rows: dict[str, str]
) -> None:
    same_again(tmp_path, name, rows, write(rows))
