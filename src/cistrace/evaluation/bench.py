"""What arms are fitted and judged on: the splits of a data set, and a folder for what takes long to make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cistrace.mpra.table import JOINT_FILE, MpraTable, data_folder, level_cuts, read_joint


@dataclass(frozen=True, eq=False)
class Bench:
    """The rows of an evaluation.

    Attributes
    ----------
    training, val : MpraTable
        To fit on, and to choose and calibrate on.
    judged : MpraTable
        To report on.
    split : str
        Name of the split that `judged` is from, or a random sample of.
    cuts : ndarray, float64, shape (cell types, 3)
        Between levels 0-3, from the training split.
    folder : Path
        OUT.
    model : Path or None
        The model under evaluation; the shipped one for None.
    threads : int
    """

    training: MpraTable
    val: MpraTable
    judged: MpraTable
    split: str
    cuts: np.ndarray
    folder: Path
    model: Path | None
    threads: int

    @property
    def cell_types(self) -> tuple[str, ...]:
        return self.judged.cell_types

    def table(self, which: str) -> MpraTable:
        """`train`, `val` or `judged`."""
        return {"train": self.training, "val": self.val, "judged": self.judged}[which]

    def hits(self, which: str) -> Path:
        """Where a table's motif hits are kept."""
        name = f"{self.split}-{len(self.judged)}" if which == "judged" else which
        return self.folder / "hits" / f"{name}.npz"

    def predictions(self, arm: str, seed: int) -> Path:
        return self.folder / "predictions" / f"{arm}.{seed}.{self.split}.parquet"


def open_bench(
    data: Path | None, split: str, out: Path, model: Path | None = None, rows: int | None = None, threads: int = 1
) -> Bench:
    """Open a folder of measured data (it holds joint_mpra.tsv.gz), or a data set of `cistrace reasonbench build`.

    Parameters
    ----------
    rows : int or None
        A random sample of so many elements of the split; all for None.

    Raises
    ------
    DataError
        The folder is neither, or lacks the split.
    """
    folder = data_folder(data)
    if (folder / JOINT_FILE).is_file():
        table = read_joint(folder)
        training = table.split("train")
        cuts = level_cuts(training)
    else:
        from cistrace.reasonbench.dataset import read_data_set

        opened = read_data_set(folder)
        table, training, cuts = opened.table, opened.training, opened.cuts
    return Bench(training, table.split("val"), table.split(split).sample(rows), split, cuts, out, model, threads)
