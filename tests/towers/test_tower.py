from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tower_helpers import random_dilated, random_legnet, random_residual

from cistrace.errors import ModelError
from cistrace.towers.encoding import one_hot
from cistrace.towers.files import AnyTower, load_tower, save_tower
from cistrace.towers.tower import NormedConvolution, fused

ALL = pytest.mark.parametrize(
    "tower", [random_residual(), random_legnet(), random_dilated()], ids=["residual", "legnet", "dilated"]
)


@ALL
def test_fusing_changes_nothing_but_time(tower: AnyTower) -> None:
    x = one_hot(torch.randint(0, 5, (7, 60)))
    quick = fused(tower)
    assert not any(isinstance(m[1], torch.nn.BatchNorm2d) for m in quick.modules() if isinstance(m, NormedConvolution))
    with torch.inference_mode():
        torch.testing.assert_close(quick(x), tower(x), rtol=1e-4, atol=1e-5)


@ALL
def test_edges_are_all_that_is_no_inner_matrix(tower: AnyTower) -> None:
    edges = {id(weight) for weight in tower.edges()}
    inner = [p for p in tower.parameters() if p.ndim >= 2 and id(p) not in edges]
    assert all(weight.shape[1] > 1 for weight in inner)  # a depthwise kernel is no matrix
    assert id(next(tower.parameters())) in edges


@ALL
def test_saved_towers_come_back(tower: AnyTower, tmp_path: Path) -> None:
    save_tower(tower, tmp_path / "t.safetensors", {"held_out": "[]"})
    x = one_hot(torch.randint(0, 4, (4, 60)))
    loaded = load_tower(tmp_path / "t.safetensors")
    assert loaded.config == tower.config
    with torch.inference_mode():
        torch.testing.assert_close(loaded(x), tower(x), rtol=0, atol=0.02)


@ALL
def test_another_shape_of_input_is_refused(tower: AnyTower) -> None:
    with pytest.raises(ModelError, match=r"\(60, 4\)"):
        tower(torch.zeros(60, 4))


@pytest.mark.parametrize("content", [b"", b"not a tensor file", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_torn_files_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "torn.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"torn\.safetensors"):
        load_tower(path)
