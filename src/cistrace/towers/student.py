"""A student: one LegNet fitted to what several say.

Distilling an ensemble keeps most of what it gains (Hinton et al. 2015), the more so the more sequences its teachers
answer that nobody measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from cistrace.mpra.table import MpraTable
from cistrace.towers.encoding import base_codes
from cistrace.towers.fit import fit_tower, pearson, predict
from cistrace.towers.legnet import LegNet
from cistrace.towers.lessons import Lessons
from cistrace.towers.recipe import StudentRecipe


def fit_student(
    lessons: Lessons, first: LegNet, val: MpraTable, wanted: StudentRecipe, state: Path,
    threads: Callable[[], int] | None = None,
) -> LegNet:  # fmt: skip
    """Fit a LegNet to the mean of the answers, from either strand.

    Parameters
    ----------
    first : LegNet
        The teacher whose shape it has, and where the recipe says so whose weights it starts from.
    val : MpraTable
        Watched, and chooses nothing.
    state, threads
        As `fit_tower` has them.
    """
    torch.manual_seed(wanted.seed)
    student = LegNet(replace(first.config, dropout=wanted.dropout))
    if wanted.start == "teacher":
        student.load_state_dict(first.state_dict())
    table = _as_table(lessons, first.cell_types)
    rows = np.arange(len(table))
    fitted = fit_tower(student, "student", rows, table, val, wanted, state, wanted.seed, threads=threads)
    assert isinstance(fitted.tower, LegNet)
    return fitted.tower


def _as_table(lessons: Lessons, cell_types: tuple[str, ...]) -> MpraTable:
    count = len(lessons.sequences)
    names = tuple(map(str, range(count)))
    blank = ("",) * count
    return MpraTable(
        names, lessons.sequences, blank, blank, ("train",) * count, lessons.means.astype(np.float64), cell_types
    )


def val_figures(teachers: Mapping[str, LegNet], student: LegNet, val: MpraTable) -> dict[str, dict[str, float]]:
    """Pearson on val by cell type: of every teacher, of their mean, of the student, and of it from the given strand."""
    codes = base_codes(list(val.sequences), student.window)
    answers = {name: predict(teacher, codes) for name, teacher in teachers.items()}
    answers["mean of teachers"] = np.mean(list(answers.values()), axis=0, dtype=np.float32)
    answers["student"] = predict(student, codes)
    answers["student, given strand"] = predict(student, codes, both_strands=False)
    return {
        name: dict(zip(val.cell_types, pearson(found, val.activity), strict=True)) for name, found in answers.items()
    }
