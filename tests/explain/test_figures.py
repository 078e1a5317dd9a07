from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cistrace.explain.base_effects import BaseEffects, WindowSum
from cistrace.explain.figures import PictureFormat, draw_effects
from cistrace.io.dna_sequence import DnaSequence


def effects(identifier: str, length: int, attributed: bool = True) -> BaseEffects:
    shape = (length, 4, 2)
    return BaseEffects(
        DnaSequence(identifier, ("ACGTN" * length)[:length]), ("A", "B/2"),
        np.random.default_rng(0).normal(size=shape).astype(np.float32),
        np.ones((length, 2), dtype=np.float32) if attributed else None,
        (WindowSum(0, length, np.zeros(2, dtype=np.float32)),), np.zeros(length, dtype=np.intp),
    )  # fmt: skip


@pytest.mark.parametrize("picture_format", ["png", "svg"])
def test_a_picture_a_cell_type_under_a_harmless_name(tmp_path: Path, picture_format: PictureFormat) -> None:
    paths = draw_effects(effects("../<x> $\\y", 30), tmp_path, 7, picture_format)
    assert [path.name for path in paths] == [f"0007-.._x_y-{cell}.{picture_format}" for cell in ("A", "B_2")]
    assert sorted(tmp_path.iterdir()) == paths and all(path.stat().st_size > 1000 for path in paths)


def test_a_long_sequence_has_several_pictures(tmp_path: Path) -> None:
    paths = draw_effects(effects("long", 1010, attributed=False), tmp_path, 1, "png")
    assert [path.name for path in paths] == [
        f"0001-long-{cell}-{place}.png" for cell in ("A", "B_2") for place in ("1-1000", "1001-1010")
    ]
