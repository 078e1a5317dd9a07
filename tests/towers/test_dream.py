"""The DREAM-style CNN as a tower."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from cistrace.towers.dream import DreamConfig, DreamTower
from cistrace.towers.encoding import one_hot
from cistrace.towers.files import load_tower, save_tower
from cistrace.towers.tower import fused

SMALL = DreamConfig(("A", "B"), window=40, first=8, channels=(8, 4), expansion=2, top=12)


@pytest.fixture(scope="module")
def tower() -> DreamTower:
    torch.manual_seed(0)
    made = DreamTower(SMALL)
    made.train()
    with torch.no_grad():
        for _ in range(5):
            made(one_hot(torch.randint(0, 4, (16, 40))))
    return made.eval()


def test_it_keeps_its_resolution_to_the_end(tower: DreamTower) -> None:
    hidden = tower.core(tower.first(torch.zeros(2, 4, 1, 40)))
    assert hidden.shape == (2, 4, 1, 40) and tower.feature_count == 12


def test_the_first_layer_sees_as_far_as_its_widest_convolution(tower: DreamTower) -> None:
    """One base changed moves the channels of width 9 within four bases, those of width 15 within seven."""
    x = one_hot(torch.zeros(1, 40, dtype=torch.int64)).unsqueeze(2)
    other = x.clone()
    other[0, :, 0, 20] = torch.tensor([0.0, 1.0, 0.0, 0.0])
    with torch.no_grad():
        branches = tower.first.branches
        moved = [(branch(x) != branch(other)).any(dim=1).flatten().nonzero().flatten() for branch in branches]
    assert [(int(one.min()), int(one.max())) for one in moved] == [(16, 24), (13, 27)]


def test_it_survives_its_file_and_fusing(tower: DreamTower, tmp_path: Path) -> None:
    save_tower(tower, tmp_path / "dream.safetensors", {})
    read = load_tower(tmp_path / "dream.safetensors")
    x = one_hot(torch.randint(0, 4, (3, 40)))
    assert isinstance(read, DreamTower) and read.config == SMALL
    torch.testing.assert_close(read(x), tower(x), atol=5e-3, rtol=0)
    torch.testing.assert_close(fused(tower)(x), tower(x), atol=1e-5, rtol=1e-4)


def test_no_matrix_optimizer_fits_its_grouped_and_outer_weights(tower: DreamTower) -> None:
    edges = {id(weight) for weight in tower.edges()}
    grouped = [m.weight for m in tower.modules() if isinstance(m, torch.nn.Conv2d) and m.groups > 1]
    assert len(grouped) == 2 and {id(weight) for weight in grouped} < edges and len(edges) == 2 + 1 + 2
