"""Which models are said to be unfit for use, and in which words."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from cistrace.checkpoints.soundness import CellTypeFigures, WriterFigures, faults_of

GOOD = CellTypeFigures("K562", 20_000, 500, pearson=0.7, slope=0.9, has_interval=True)
WRITES = WriterFigures(traces=100, parsed=90, claims=400, supported=360)


def test_a_sound_model_has_no_fault() -> None:
    assert faults_of((GOOD, replace(GOOD, cell_type="HepG2")), WRITES) == ()


def test_what_is_not_known_yet_says_nothing() -> None:
    assert faults_of((CellTypeFigures("K562", 1_000, 60),)) == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"training": 999}, "K562: 999 measured training rows, expected 1,000"),
        ({"val": 59}, "K562: 59 measured val rows, expected 60"),
        ({"pearson": math.nan, "slope": -11.0}, "K562: val cannot be used"),
        ({"slope": -11.0}, "slope -11.00 on val"),
        ({"slope": 0.0}, "slope 0.00 on val"),
        ({"has_interval": False}, "K562: its 90 % interval is infinite"),
    ],
)
def test_a_fault_of_a_cell_type_is_one_sentence(change: dict[str, float], words: str) -> None:
    (fault,) = faults_of((replace(GOOD, **change), replace(GOOD, cell_type="HepG2")), WRITES)  # type: ignore[arg-type]
    assert words in fault and "\n" not in fault


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"supported": 359}, "359 of 400 claims"),
        ({"parsed": 89}, "89 of 100 val traces"),
        ({"claims": 210, "supported": 1}, "1 of 210 claims"),
    ],
)
def test_a_writer_below_nine_in_ten_is_named(change: dict[str, int], words: str) -> None:
    (fault,) = faults_of((GOOD,), replace(WRITES, **change))
    assert words in fault and "expected 90%" in fault


def test_all_faults_are_told() -> None:
    bad = CellTypeFigures("Liver", 240, 30, pearson=0.1, slope=-11.0, has_interval=False)
    found = faults_of((bad, GOOD), WriterFigures(100, 10, 210, 1))
    assert len(found) == 6 and sum(fault.startswith("Liver: ") for fault in found) == 4
