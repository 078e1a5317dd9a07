"""Rows of an open Parquet file, one value in memory at a time, however much text its rows share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

PARQUET_BATCH = 1024
PARQUET_BUFFER = 1 << 20  # bytes of a column read ahead; without one a row group's whole column is held


def parquet_rows(file: Any, columns: Sequence[str] | None = None) -> Iterator[tuple[Any, ...]]:
    """Values of every row, as Python's own, in the order of the columns.

    Rows may share one long text, which a batch holds once: a value becomes Python's when its row is asked for.

    Parameters
    ----------
    file : pyarrow.parquet.ParquetFile
        Opened with `buffer_size=PARQUET_BUFFER` and `pre_buffer=False`.
    columns : names, optional
        All columns by default.

    Raises
    ------
    pyarrow.ArrowException
        A torn file.
    """
    wanted = None if columns is None else list(columns)
    for batch in file.iter_batches(batch_size=PARQUET_BATCH, columns=wanted, use_threads=False):
        order = range(batch.num_columns) if wanted is None else map(batch.schema.get_field_index, wanted)
        yield from zip(*((value.as_py() for value in batch.column(place)) for place in order), strict=True)
