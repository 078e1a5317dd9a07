"""Which checkpoint a stage goes on from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from cistrace.errors import RunError
from cistrace.training.checkpoints import key_of, last_whole
from cistrace.training.recipe_file import load_recipe


def checkpoint(folder: Path, step: int, state: str | None = None) -> Path:
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    save_file({"weight": torch.ones(100)}, path / "model.safetensors")
    if state is None:
        state = json.dumps({"global_step": step})
    (path / "trainer_state.json").write_text(state)
    return path


def test_the_newest_whole_one_is_taken_and_torn_ones_removed(tmp_path: Path) -> None:
    assert last_whole(tmp_path, "k", True) is None
    checkpoint(tmp_path, 90)
    newest = checkpoint(tmp_path, 100)
    torn = [checkpoint(tmp_path, 200, '{"global_st'), checkpoint(tmp_path, 300, "[]"), checkpoint(tmp_path, 400, "")]
    empty = tmp_path / "checkpoint-500"
    empty.mkdir()
    assert last_whole(tmp_path, "k", False) == newest
    assert all(path.exists() for path in torn)  # other processes touch nothing
    assert last_whole(tmp_path, "k", True) == newest
    assert not any(path.exists() for path in (*torn, empty))


@pytest.mark.parametrize("name", ["optimizer.pt", "rng_state.pth", "model.safetensors"])
def test_a_checkpoint_with_a_torn_file_is_passed_over(tmp_path: Path, name: str) -> None:
    older, newest = checkpoint(tmp_path, 5), checkpoint(tmp_path, 10)
    for folder in (older, newest):
        torch.save({"moment": torch.ones(1000)}, folder / "optimizer.pt")
        torch.save(torch.get_rng_state(), folder / "rng_state.pth")
    assert last_whole(tmp_path, "k", False) == newest
    whole = (newest / name).read_bytes()
    (newest / name).write_bytes(whole[: len(whole) // 2])
    assert last_whole(tmp_path, "k", True) == older
    assert not newest.exists()


def test_checkpoints_of_another_recipe_are_refused(tmp_path: Path) -> None:
    checkpoint(tmp_path, 10)
    last_whole(tmp_path, "k", True)
    with pytest.raises(RunError, match="another recipe"):
        last_whole(tmp_path, "other", True)


def test_the_key_is_of_all_that_shapes_a_stage() -> None:
    base = key_of(load_recipe("compact"), "rationale", 100)
    assert key_of(load_recipe("compact", ["regression.epochs=9"]), "rationale", 100) == base
    assert key_of(load_recipe("compact"), "rationale", 101) != base
    for change in ("rationale.epochs=9", "cards.rows=7", "model.precision=fp32"):
        assert key_of(load_recipe("compact", [change]), "rationale", 100) != base
