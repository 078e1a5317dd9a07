"""Stored predictions: what one arm, with one seed, says of every element of a split.

OUT/predictions/ARM.SEED.SPLIT.parquet, a row an element and cell type: name, cell_type, activity, lower, upper.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from cistrace.errors import DataError
from cistrace.io.files import whole_file
from cistrace.io.streams import shown
from cistrace.mpra.table import MpraTable

NOMINAL = 0.9


@dataclass(frozen=True, eq=False)
class Predicted:
    """One arm's word on N elements.

    Attributes
    ----------
    activity, lower, upper : ndarray, float64, shape (N, cell types)
        log2(RNA/DNA) and the 90 % interval.
    """

    activity: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def with_interval(activity: np.ndarray, val: np.ndarray, measured: np.ndarray) -> Predicted:
    """Predictions with conformal 90 % intervals of one width a cell type, from the residuals on val.

    The half width is the smallest that would cover a further val element with probability 0.9 (split conformal:
    Lei et al., JASA 2018).

    Parameters
    ----------
    activity : ndarray, shape (N, cell types)
    val, measured : ndarray, shape (M, cell types)
        The same arm's word on val, and the measurements there, NaN where there are none.
    """
    half = np.array([conformal(np.abs(val[:, cell] - measured[:, cell])) for cell in range(measured.shape[1])])
    return Predicted(activity, activity - half, activity + half)


def conformal(residuals: np.ndarray) -> float:
    """Half width from absolute residuals, NaN left out: their ceil((M + 1) x 0.9)-th, the largest where M is small."""
    seen = np.sort(residuals[np.isfinite(residuals)])
    return float(seen[min(len(seen), int(np.ceil((len(seen) + 1) * NOMINAL))) - 1])


def write_predicted(path: Path, table: MpraTable, predicted: Predicted) -> None:
    """Write all rows, element by element and cell type by cell type."""
    cells = len(table.cell_types)
    columns = {
        "name": np.repeat(np.array(table.names, dtype=object), cells),
        "cell_type": np.tile(np.array(table.cell_types, dtype=object), len(table)),
        **{name: getattr(predicted, name).ravel() for name in ("activity", "lower", "upper")},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part:
        pq.write_table(pa.table(columns), part, compression="zstd")


def read_predicted(path: Path, table: MpraTable) -> Predicted:
    """Read what `write_predicted` wrote for the same table.

    Raises
    ------
    DataError
        The file holds other elements or cell types, or cannot be read.
    """
    try:
        columns = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(f"{shown(path)}: not readable predictions ({error}); remove the file and run again") from error
    names = columns["name"].to_pylist()[:: len(table.cell_types)]
    cells = columns["cell_type"].to_pylist()[: len(table.cell_types)]
    if tuple(names) != table.names or tuple(cells) != table.cell_types:
        raise DataError(
            f"{shown(path)}: holds {len(names):,} elements in {', '.join(cells)}, expected the {len(table):,} of this "
            "split; remove the file, or choose another -o"
        )
    shape = (len(table), len(table.cell_types))
    return Predicted(*(columns[name].to_numpy().reshape(shape) for name in ("activity", "lower", "upper")))
