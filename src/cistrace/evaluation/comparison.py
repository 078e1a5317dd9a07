"""What contenders are fitted and judged on: the splits of a data set, and a folder for what takes long to make."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.checkpoints.schema import model_folder, read_config
from cistrace.errors import DataError
from cistrace.io.streams import shown
from cistrace.mpra.table import JOINT_FILE, MpraTable, data_folder, level_cuts, read_joint
from cistrace.reasonbench.dataset import open_data_set
from cistrace.version import __version__


@dataclass(frozen=True, eq=False)
class Comparison:
    """The rows of an evaluation, the model, and where everything is kept.

    Attributes
    ----------
    training, val : MpraTable
        To fit on, and to choose and calibrate on; either may be empty.
    judged : MpraTable
        To report on, in the cell types that the model knows.
    split : str
        Name of the split that `judged` is from, or a random sample of.
    cuts : ndarray, float64, shape (cell types, 3)
        Between levels 0-3, from the training split.
    source : str
        What was measured: the name of the table or data set.
    not_judged : tuple of str
        Cell types of the data that the model does not know.
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
    cuts: NDArray[np.float64]
    source: str
    not_judged: tuple[str, ...]
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

    def predictions(self, contender: str, seed: int) -> Path:
        return self.folder / "predictions" / f"{contender}.{seed}.{self.split}.parquet"

    def origin(self, name: str, reads: str) -> str:
        """What stored predictions hold for: a name, and a hash of the data, of what is read beside them, of release."""
        whole = hashlib.sha256("\n".join((__version__, *self.cell_types, reads)).encode())
        for table in (self.training, self.val, self.judged):
            whole.update("\n".join((*table.names, *table.sequences)).encode())
            whole.update(np.ascontiguousarray(table.activity).tobytes())
        return f"{name} {whole.hexdigest()[:16]}"


def open_comparison(
    data: Path | None, split: str, out: Path, model: Path | None = None, rows: int | None = None, threads: int = 1
) -> Comparison:
    """Open a folder of measured data (it holds joint_mpra.tsv.gz), or a data set of `cistrace reasonbench build`.

    Parameters
    ----------
    rows : int or None
        A random sample of so many elements of the split; all for None.

    Raises
    ------
    DataError
        The folder is neither, has no row in the split, or measured none of the model's cell types.
    ModelError
        The model cannot be read.
    """
    folder = data_folder(data)
    if (folder / JOINT_FILE).is_file():
        table, source = read_joint(folder), JOINT_FILE
        cuts = level_cuts(_rows(table, "train"))
    else:
        opened = open_data_set(folder)
        table, cuts, source = opened.table, opened.cuts, folder.resolve().name
    known = read_config(model_folder(model)).cell_types
    judged = [place for place, cell in enumerate(table.cell_types) if cell in known]
    if not judged:
        raise DataError(
            f"{shown(folder)}: measured in {', '.join(table.cell_types)}, but the model knows {', '.join(known)}; "
            "expected a cell type that both have; name another model or data set"
        )
    left_out = tuple(cell for cell in table.cell_types if cell not in known)
    table = replace(
        table, activity=table.activity[:, judged], cell_types=tuple(table.cell_types[place] for place in judged)
    )
    return Comparison(
        _rows(table, "train"), _rows(table, "val"), table.split(split).sample(rows), split, cuts[judged], source,
        left_out, out, model, threads,
    )  # fmt: skip


def _rows(table: MpraTable, split: str) -> MpraTable:
    return table.take(np.flatnonzero(np.array(table.splits) == split))
