"""Stored predictions: what one contender, with one seed, says of every element of a split.

OUT/predictions/CONTENDER.SEED.SPLIT.parquet, a row an element and cell type: name, cell_type, activity, lower, upper;
the file's metadata name what made it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cistrace.checkpoints.intervals import conformal_half_width
from cistrace.errors import DataError
from cistrace.io.files import whole_file
from cistrace.io.streams import shown
from cistrace.mpra.table import MpraTable

ORIGIN = b"cistrace.origin"


@dataclass(frozen=True, eq=False)
class Predicted:
    """What one contender, with one seed, says of N elements.

    Attributes
    ----------
    activity, lower, upper : ndarray, float64, shape (N, cell types)
        log2(RNA/DNA) and the 90 % interval; NaN where the contender could not be fitted, infinite bounds where val has
        too few measurements for an interval.
    """

    activity: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SeededPredictions:
    """All that one contender predicted, a seed each."""

    seeds: tuple[Predicted, ...]

    @property
    def activity(self) -> NDArray[np.float64]:
        """Activities, shape (seeds, N, cell types)."""
        return np.stack([seed.activity for seed in self.seeds])


def with_interval(activity: NDArray[np.float64], val: NDArray[np.float64], measured: NDArray[np.float64]) -> Predicted:
    """Predictions with conformal 90 % intervals of one width a cell type, from the residuals on val.

    The half width is split conformal prediction's; infinite where val holds too few measurements.

    Parameters
    ----------
    activity : ndarray, shape (N, cell types)
    val, measured : ndarray, shape (M, cell types)
        The same contender's word on val, and the measurements there, NaN where there are none.
    """
    residuals = (val - measured).T
    half = np.array([conformal_half_width(column[np.isfinite(column)]) for column in residuals])
    return Predicted(activity, activity - half, activity + half)


def write_predicted(path: Path, table: MpraTable, predicted: Predicted, origin: str) -> None:
    """Write all rows, element by element and cell type by cell type; `origin` names what made them."""
    cells = len(table.cell_types)
    columns = {
        "name": np.repeat(np.array(table.names, dtype=object), cells),
        "cell_type": np.tile(np.array(table.cell_types, dtype=object), len(table)),
        **{name: getattr(predicted, name).ravel() for name in ("activity", "lower", "upper")},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part:
        pq.write_table(pa.table(columns).replace_schema_metadata({ORIGIN: origin}), part, compression="zstd")


def read_predicted(path: Path, table: MpraTable, origin: str) -> Predicted:
    """Read what `write_predicted` wrote for the same table.

    Raises
    ------
    DataError
        The file is of another origin, holds other elements or cell types, or cannot be read.
    """
    try:
        columns = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(f"{shown(path)}: not readable predictions ({error}); remove the file and run again") from error
    found = (columns.schema.metadata or {}).get(ORIGIN, b"").decode()
    names = columns["name"].to_pylist()[:: len(table.cell_types)]
    cells = columns["cell_type"].to_pylist()[: len(table.cell_types)]
    if found != origin or tuple(names) != table.names or tuple(cells) != table.cell_types:
        raise DataError(
            f"{shown(path)}: holds predictions of {len(names):,} elements made by {found or 'nobody knows what'}, "
            f"expected those of the {len(table):,} elements judged here, made by {origin}; remove the file, or choose "
            "another -o"
        )
    shape = (len(table), len(table.cell_types))
    return Predicted(*(columns[name].to_numpy().reshape(shape) for name in ("activity", "lower", "upper")))
