"""Which checkpoint a stage goes on from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from cistrace.training.checkpoints import last_whole


def checkpoint(folder: Path, step: int, state: str | None = None) -> Path:
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    save_file({"weight": torch.ones(100)}, path / "model.safetensors")
    if state is None:
        state = json.dumps({"global_step": step})
    (path / "trainer_state.json").write_text(state)
    return path


def test_the_newest_whole_one_is_taken_and_torn_ones_removed(tmp_path: Path) -> None:
    assert last_whole(tmp_path, True) is None
    checkpoint(tmp_path, 90)
    newest = checkpoint(tmp_path, 100)
    torn = [checkpoint(tmp_path, 200, '{"global_st'), checkpoint(tmp_path, 300, "[]"), checkpoint(tmp_path, 400, "")]
    empty = tmp_path / "checkpoint-500"
    empty.mkdir()
    assert last_whole(tmp_path, False) == newest
    assert all(path.exists() for path in torn)  # other processes touch nothing
    assert last_whole(tmp_path, True) == newest
    assert not any(path.exists() for path in (*torn, empty))


@pytest.mark.parametrize("name", ["optimizer.pt", "rng_state.pth", "model.safetensors"])
def test_a_checkpoint_with_a_torn_file_is_passed_over(tmp_path: Path, name: str) -> None:
    older, newest = checkpoint(tmp_path, 5), checkpoint(tmp_path, 10)
    for folder in (older, newest):
        torch.save({"moment": torch.ones(1000)}, folder / "optimizer.pt")
        torch.save(torch.get_rng_state(), folder / "rng_state.pth")
    assert last_whole(tmp_path, False) == newest
    whole = (newest / name).read_bytes()
    (newest / name).write_bytes(whole[: len(whole) // 2])
    assert last_whole(tmp_path, True) == older
    assert not newest.exists()
