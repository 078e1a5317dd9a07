"""Rows of Parquet: their values, in order, and none before its row is asked for."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cistrace.errors import InputError
from cistrace.io.parquet_rows import PARQUET_BATCH, parquet_rows
from cistrace.io.sequences import read_sequences
from cistrace.mpra.rows import read_rows as measured_rows
from cistrace.report.stored import read_rows as stored_rows

ROWS, SHARED = 200, "ACGT" * 50_000


def test_values_come_in_the_order_of_the_columns_asked_for(tmp_path: Path) -> None:
    numbers = list(range(2 * PARQUET_BATCH + 3))
    pq.write_table(pa.table({"a": numbers, "b": [[str(one)] for one in numbers]}), tmp_path / "t.parquet")
    with pq.ParquetFile(tmp_path / "t.parquet") as file:
        assert list(parquet_rows(file)) == [(one, [str(one)]) for one in numbers]
        assert list(parquet_rows(file, ("b", "a"))) == [([str(one)], one) for one in numbers]


@pytest.mark.parametrize("reader", [read_sequences, measured_rows, stored_rows])
def test_rows_that_share_one_long_text_are_not_held_at_once(
    tmp_path: Path, reader: Callable[[Path], Iterator[object]]
) -> None:
    path = tmp_path / "t.parquet"
    column = pa.DictionaryArray.from_arrays(pa.array([0] * ROWS, pa.int32()), pa.array([SHARED]))
    pq.write_table(pa.table({"sequence": column}), path)
    tracemalloc.start()
    try:
        for _ in reader(path):
            pass
    except InputError as error:
        assert reader is stored_rows and "row 1: id: Field required" in str(error)
    finally:
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < ROWS * len(SHARED) / 4
