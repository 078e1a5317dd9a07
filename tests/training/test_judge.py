"""`cistrace train judge`: what it learns from, that it goes on, and that it is kept apart from the other stages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from bench_helpers import a_table
from cli_helpers import invoke

from cistrace.mpra.table import MpraTable
from cistrace.towers.files import load_tower, tower_notes
from cistrace.towers.judge import load_judge_file
from cistrace.towers.recipe import JudgeRecipe
from cistrace.training.judge import train_judge

pytestmark = pytest.mark.pipeline

QUICK = JudgeRecipe(epochs=2, batch_size=16)


def one_thread() -> int:
    """Sums of two threads are not those of one to the last bit."""
    return 1


def split_table() -> MpraTable:
    """chr5 is val, chr6 is test."""
    table = a_table(160, ("K562", "MyCell"), length=96)
    splits = {"chr5": "val", "chr6": "test"}
    return replace(table, splits=tuple(splits.get(name, "train") for name in table.chromosomes))


def test_it_learns_from_half_of_the_training_chromosomes_and_scores_those_held_out(tmp_path: Path) -> None:
    table = split_table()
    val = train_judge(table, [], QUICK, tmp_path / "state", tmp_path / "judge.safetensors")
    judge = load_judge_file(tmp_path / "judge.safetensors")
    assert len(judge.chromosomes) == 2 and set(judge.chromosomes) < {"chr1", "chr2", "chr3", "chr4"}
    held_out = [bases for bases, split in zip(table.sequences, table.splits) if split != "train"]
    np.testing.assert_allclose(np.sort(judge.natural[:, 1]), np.sort(judge.scores(held_out)[:, 1]), atol=2e-3)
    assert set(val) == {"K562", "MyCell"} and not (tmp_path / "state").exists()
    assert judge.notes["val"] == " ".join(f"{value:.4f}" for value in val.values())


def test_a_fit_that_was_interrupted_ends_as_one_that_was_not(tmp_path: Path) -> None:
    table = split_table()
    whole, broken = tmp_path / "whole.safetensors", tmp_path / "broken.safetensors"
    train_judge(table, [], QUICK, tmp_path / "one", whole, one_thread)
    calls = 0

    def stop() -> int:
        nonlocal calls
        calls += 1
        if calls == 2:  # in the second epoch
            raise KeyboardInterrupt
        return 1

    with pytest.raises(KeyboardInterrupt):
        train_judge(table, [], QUICK, tmp_path / "two", broken, stop)
    assert not broken.exists() and (tmp_path / "two").exists()
    train_judge(table, [], QUICK, tmp_path / "two", broken, one_thread)
    one, other = load_tower(whole).state_dict(), load_tower(broken).state_dict()
    assert all(torch.equal(weight, other[name]) for name, weight in one.items())
    assert tower_notes(whole) == tower_notes(broken)


def test_the_stage_stands_by_itself(bench: Path, tmp_path: Path) -> None:
    run = str(tmp_path / "run")
    line = ["train", "judge", "--recipe", "compact", "--data", str(bench), "-o", run, "judge.epochs=1"]
    made = invoke(*line)
    assert made.exit_code == 0, made.output
    file = tmp_path / "run" / "judge.safetensors"
    before = file.stat().st_mtime_ns
    assert load_judge_file(file).cell_types == ("K562", "MyCell")
    assert invoke(*line).exit_code == 0 and file.stat().st_mtime_ns == before  # done is done
    other = invoke(*line, "regression.epochs=2", "tower.seed=5")  # other stages are none of its business
    assert other.exit_code == 0, other.output
    refused = invoke(*line[:-1], "judge.epochs=2")
    assert refused.exit_code == 2 and "files of judge were made with another recipe in judge" in refused.output
