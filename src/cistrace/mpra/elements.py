"""The measured elements that a data set rests on, as one Parquet file: what towers are trained on.

elements.parquet, one row a usable sequence of a split, in the table's order
  row         int32    as in the entries
  id, sequence, chromosome, category, split    string; chromosome and category may be empty
  activity    list of float64, in the order of the manifest's cell_types; null where not measured
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cistrace.errors import DataError
from cistrace.io.streams import shown
from cistrace.mpra.table import MpraTable

ELEMENTS = "elements.parquet"
_TEXTS = ("id", "sequence", "chromosome", "category", "split")
_SCHEMA = pa.schema(
    [("row", pa.int32()), *((name, pa.string()) for name in _TEXTS), ("activity", pa.list_(pa.float64()))]
)


def write_elements(path: Path, table: MpraTable, splits: tuple[str, ...]) -> int:
    """Write the rows that have a split; returns their number."""
    kept = [row for row, split in enumerate(splits) if split]
    columns = (table.names, table.sequences, table.chromosomes, table.categories, splits)
    activity = [[None if np.isnan(value) else float(value) for value in table.activity[row]] for row in kept]
    arrays = [kept, *([column[row] for row in kept] for column in columns), activity]
    pq.write_table(pa.table(arrays, schema=_SCHEMA), path, compression="zstd")
    return len(kept)


def read_elements(path: Path, cell_types: tuple[str, ...]) -> tuple[MpraTable, NDArray[np.int64]]:
    """The elements, and the row of each in the entries: int64 (N,).

    Raises
    ------
    DataError
        The file is missing, torn, or of other cell types.
    """
    try:
        found = pq.read_table(path, schema=_SCHEMA).to_pydict()
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{shown(path)}: not a readable table of elements ({error}); expected that of `cistrace reasonbench "
            "build`; build the data set again"
        ) from error
    activity = np.array([[np.nan if value is None else value for value in row] for row in found["activity"]])
    if activity.ndim != 2 or activity.shape[1] != len(cell_types):
        raise DataError(
            f"{shown(path)}: found activities of shape {activity.shape}, expected {len(cell_types)} columns"
        )
    names, sequences, chromosomes, categories, splits = (tuple(found[name]) for name in _TEXTS)
    table = MpraTable(names, sequences, chromosomes, categories, splits, activity, cell_types)
    return table, np.array(found["row"], dtype=np.int64)
