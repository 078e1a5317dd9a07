from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.errors import DataError
from cistrace.io.json_lines import json_line, read_json_lines, write_json_lines

MARKS = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\x1dh\x1ei\r\nj"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_line_is_one_line_to_every_reader(text: str) -> None:
    line = json_line({"text": text})
    assert len(line.splitlines()) == 1 == line.count("\n")


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    objects = [{"text": MARKS}, {"ä": "€😀"}, {}]
    assert write_json_lines(tmp_path / "x.jsonl", objects) == 3
    assert list(read_json_lines(tmp_path / "x.jsonl")) == list(enumerate(objects, 1))
    assert "€😀" in (tmp_path / "x.jsonl").read_text(encoding="utf-8")


def test_marks_that_others_wrote_do_not_part_a_line(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"a": "\u2028\x85"}\n\n{"b": 1}\n', encoding="utf-8", newline="\n")
    assert [plain for _, plain in read_json_lines(tmp_path / "x.jsonl")] == [{"a": "\u2028\x85"}, {"b": 1}]


@pytest.mark.parametrize("line", ["{", "[1]", "7", "\udcff"])
def test_a_line_that_is_no_object_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "x.jsonl").write_text('{"a": 1}\n' + line + "\n", encoding="utf-8", errors="surrogateescape")
    with pytest.raises(DataError, match=r"x\.jsonl, line [012]"):
        list(read_json_lines(tmp_path / "x.jsonl"))


def test_no_number_that_json_lacks_is_written() -> None:
    with pytest.raises(ValueError):
        json_line({"x": math.nan})
