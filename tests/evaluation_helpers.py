"""A small comparison with known figures: forty elements in two cell types, predictions off by a known pattern."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.predicted import Predicted, SeededPredictions
from cistrace.mpra.table import MpraTable

CELLS = ("K562", "Liver")
CUTS = np.array([[0.95, 1.95, 2.95], [0.95, 1.95, 2.95]])


def measured_table(activity: NDArray[np.float64], split: str = "test") -> MpraTable:
    rows = len(activity)
    names = tuple(f"{split}{row}" for row in range(rows))
    random = np.random.default_rng(1)
    sequences = tuple("".join(random.choice(list("ACGT"), 60)) for _ in range(rows))
    categories = tuple("a_peak" if row % 4 else "" for row in range(rows))
    return MpraTable(names, sequences, ("chr1",) * rows, categories, (split,) * rows, activity, CELLS)


def a_comparison(folder: Path, activity: NDArray[np.float64]) -> Comparison:
    """Judged elements with these activities; 60 of train and 20 of val whose activity rises from 0 to 4."""
    training, val = (
        measured_table(np.repeat(np.linspace(0, 4, rows)[:, None], 2, axis=1), split)
        for split, rows in (("train", 60), ("val", 20))
    )
    return Comparison(
        training, val, measured_table(activity), "test", CUTS, "mpra.tsv", (), folder, None, 1
    )  # fmt: skip


def rising(rows: int = 40) -> NDArray[np.float64]:
    """Activities 0, 0.1, 0.2, ... in the first cell type, the same falling in the second: (rows, 2)."""
    one = np.arange(rows) / 10
    return np.stack([one, one[::-1]], axis=1)


def off_by(activity: NDArray[np.float64], error: float, half: float) -> SeededPredictions:
    """Every other element predicted `error` too high, the others as much too low; half width of the interval."""
    signs = np.where(np.arange(len(activity)) % 2, 1.0, -1.0)[:, None]
    predicted = np.nan_to_num(activity) + error * signs
    return SeededPredictions((Predicted(predicted, predicted - half, predicted + half),))


def unfitted(found: SeededPredictions, cell: int) -> SeededPredictions:
    """The same, but not fitted in one cell type."""
    (seed,) = found.seeds
    columns = {name: getattr(seed, name).copy() for name in ("activity", "lower", "upper")}
    for column in columns.values():
        column[:, cell] = np.nan
    return SeededPredictions((replace(seed, **columns),))
