"""The judge that comes with cistrace, or a user's own: a tower that no search asks (`towers.judge`)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cistrace.errors import ModelError
from cistrace.io.shipped import shipped_file
from cistrace.towers.judge import Judge, load_judge_file

FILE = "judge.safetensors"

__all__ = ["Judge", "judge_for", "load_judge"]


def load_judge(path: Path | None = None) -> Judge:
    """Read a judge: the shipped one unless a file of `cistrace train judge` is named.

    Raises
    ------
    ModelError
        The file is missing or torn, or holds a tower that is no judge.
    """
    return load_judge_file(shipped_file(FILE) if path is None else path)


def judge_for(path: Path | None, cell_types: Iterable[str], window: int) -> Judge | None:
    """The judge of some cell types; None where none is named and the shipped one does not know them all.

    Parameters
    ----------
    path : Path or None
        A judge's file; None for the shipped one.
    cell_types : iterable of str
        That the objective is made of.
    window : int
        bp of the longest sequence that is to be judged.

    Raises
    ------
    ModelError
        The judge that is named lacks a cell type, or cannot read so much at once.
    """
    judge, wanted = load_judge(path), tuple(cell_types)
    missing = [name for name in wanted if name not in judge.cell_types]
    fault = None
    if missing:
        fault = f"knows {', '.join(judge.cell_types)}, expected {', '.join(missing)} too"
    elif judge.window < window:
        fault = f"reads at most {judge.window} bp, expected {window}"
    if fault is None:
        return judge
    if path is None:
        return None
    raise ModelError(f"judge {path}: {fault}; name that of `cistrace train judge` on the model's own data set")
