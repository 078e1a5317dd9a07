"""Towers on disk: what was written is read, and no altered byte is taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from cistrace.errors import ModelError
from cistrace.towers.files import load_tower, save_tower, tower_notes
from cistrace.towers.residual import ResidualConfig, ResidualTower


@pytest.fixture
def path(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    tower = ResidualTower(ResidualConfig(("A", "B"), window=40, channels=8, stages=1))
    save_tower(tower, tmp_path / "tower.safetensors", {"note": "of mine"})
    return tmp_path / "tower.safetensors"


def test_notes_are_those_that_were_given(path: Path) -> None:
    assert tower_notes(path).keys() == {"kind", "config", "note"}
    assert load_tower(path).cell_types == ("A", "B")


def test_an_altered_weight_is_found(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"tower.safetensors: not a readable tower .*torn or altered"):
        load_tower(path)


def test_an_altered_note_is_found(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"of mine", b"of mind"))
    with pytest.raises(ModelError, match="torn or altered"):
        load_tower(path)
