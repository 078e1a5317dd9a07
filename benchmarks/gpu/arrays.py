"""What an ensemble is trained on, as one file that needs no more than numpy to be read.

    python benchmarks/gpu/arrays.py DIR FILE.npz [--further TABLE] [--unmeasured FILE]

DIR is a data set of `cistrace reasonbench build`, TABLE further measurements of the same assay, and FILE sequences that
nobody measured. Training elements, val and the sequences go to FILE.npz; of test nothing does.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.io.files import whole_file
from cistrace.mpra.table import MpraTable


@dataclass(frozen=True, eq=False)
class Arrays:
    """Training elements and val with their measurements; sequences without."""

    training: MpraTable
    val: MpraTable
    unmeasured: tuple[str, ...]
    window: int


def write_arrays(arrays: Arrays, path: Path) -> None:
    """Write an .npz file, whole or not at all."""
    with whole_file(path) as part, part.open("wb") as handle:
        np.savez_compressed(
            handle,
            cell_types=_letters(arrays.training.cell_types),
            window=np.array(arrays.window),
            training=_letters(arrays.training.sequences),
            training_activity=arrays.training.activity.astype(np.float32),
            val=_letters(arrays.val.sequences),
            val_activity=arrays.val.activity.astype(np.float32),
            unmeasured=_letters(arrays.unmeasured),
        )


def read_arrays(path: Path) -> Arrays:
    """Read what `write_arrays` wrote."""
    with np.load(path, allow_pickle=False) as file:
        cell_types = _texts(file["cell_types"])
        training, val = (
            _table(_texts(file[name]), file[f"{name}_activity"], cell_types, split)
            for name, split in (("training", "train"), ("val", "val"))
        )
        return Arrays(training, val, _texts(file["unmeasured"]), int(file["window"]))


def _table(sequences: tuple[str, ...], activity: NDArray[np.float32], cells: tuple[str, ...], split: str) -> MpraTable:
    blank = ("",) * len(sequences)
    return MpraTable(blank, sequences, blank, blank, (split,) * len(sequences), activity.astype(np.float64), cells)


def _letters(texts: tuple[str, ...]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(texts).encode("ascii"), dtype=np.uint8)


def _texts(letters: NDArray[np.uint8]) -> tuple[str, ...]:
    whole = letters.tobytes().decode("ascii")
    return tuple(whole.split("\n")) if whole else ()


def gather(data: Path, further: Path | None, unmeasured: Path | None) -> Arrays:
    """Read a data set and what goes with it; what touches val or test is left out as `cistrace train` does."""
    from cistrace.reasonbench.dataset import read_data_set
    from cistrace.towers.cross_fit import tower_rows
    from cistrace.towers.pool import admit, read_further
    from cistrace.training.student import unmeasured_sequences

    opened = read_data_set(data)
    found = [] if further is None else admit(read_further(further, opened.cell_types), opened.table)[0]
    rows = tower_rows(opened.table, found, 0)
    pooled, seen = rows.seen_by(-1)
    return Arrays(pooled.take(seen), rows.val, tuple(unmeasured_sequences(opened, unmeasured)), opened.window)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DIR")
    parser.add_argument("file", type=Path, metavar="FILE.npz")
    parser.add_argument("--further", type=Path, metavar="TABLE")
    parser.add_argument("--unmeasured", type=Path, metavar="FILE")
    asked = parser.parse_args()
    arrays = gather(asked.data, asked.further, asked.unmeasured)
    write_arrays(arrays, asked.file)
    size = asked.file.stat().st_size / 1e6
    print(f"{asked.file}: {len(arrays.training):,} training elements, {len(arrays.unmeasured):,} more, {size:.1f} MB")


if __name__ == "__main__":
    main()
