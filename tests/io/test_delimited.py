"""Rows of CSV and TSV come back as they were."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.io.delimited import row_writer

FIELD = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["\r", "a\rb", "\n", "\r\n", '"', "\t", ","]
)


@pytest.mark.parametrize("delimiter", [",", "\t"])
@given(rows=st.lists(st.lists(FIELD, min_size=2, max_size=4), max_size=4))
def test_any_text_comes_back(delimiter: str, rows: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    write = row_writer(out, delimiter)
    for row in rows:
        write(row)
    assert list(csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=delimiter, strict=True)) == rows


def test_lines_end_in_a_line_feed_alone() -> None:
    out = io.StringIO(newline="")
    row_writer(out)(["a", 1, "b\r"])
    assert out.getvalue() == 'a,1,"b\r"\n'
