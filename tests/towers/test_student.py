"""A student says what its teachers mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tower_helpers import random_legnet

from cistrace.mpra.table import MpraTable
from cistrace.towers.encoding import base_codes
from cistrace.towers.fit import pearson, predict
from cistrace.towers.legnet import LegNet
from cistrace.towers.lessons import Lessons, recombined
from cistrace.towers.recipe import StudentRecipe
from cistrace.towers.student import fit_student, val_figures

pytestmark = pytest.mark.pipeline


def test_it_comes_to_say_what_its_teachers_mean(tmp_path: Path) -> None:
    first = random_legnet()
    assert isinstance(first, LegNet)
    sequences = recombined(["ACGTTGCAACGGATCC" * 8, "TTGACCAGTATTTGCA" * 8], 256, 0.5, 0)
    sequences = [bases[: first.window] for bases in sequences]
    codes = base_codes(sequences, first.window)
    own = predict(first, codes)
    wanted = 2 * own + 1  # another's answers, within reach
    lessons = Lessons(tuple(sequences), wanted[None])
    few = tuple(sequences[:9])
    val = MpraTable(few, few, few, few, ("val",) * 9, own[:9].astype(np.float64), first.cell_types)
    recipe = StudentRecipe(epochs=8, batch_size=32, dropout=0.0, largest_shift=0, shortened=0.0)
    student = fit_student(lessons, first, val, recipe, tmp_path / "state")
    fault, before = (np.abs(found - wanted).mean() for found in (predict(student, codes), own))
    assert fault < 0.2 * before
    assert fault < np.abs(wanted - wanted.mean(axis=0)).mean()  # and not by a constant
    figures = val_figures({"first": first}, student, val)
    assert figures["first"] == figures["mean of teachers"]
    found = pearson(predict(student, codes[:9], both_strands=False), val.activity)
    assert list(figures["student, given strand"].values()) == found != list(figures["student"].values())
