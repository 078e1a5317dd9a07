"""A training that is killed and taken up again ends as one that was not, to the last bit."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from training_helpers import command, run, tiny_recipe, write_recipe

from cistrace.training.run import Run, done


def until(line: list[str], sign: Callable[[], bool]) -> None:
    """Start a training and kill it as soon as a sign appears, in the middle of whatever it does then."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        limit = time.monotonic() + 300
        while not sign():
            assert process.poll() is None and time.monotonic() < limit
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == -signal.SIGKILL


def weights(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for stage in ("rationale", "regression")
        for path in sorted((folder / stage).glob("*.safetensors"))
    }


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("full", "lora", marks=pytest.mark.pipeline),
        pytest.param("lora", "full", marks=pytest.mark.integration),
    ],
)
def test_both_stages_go_on_after_a_kill(bench: Path, qwen: Path, tmp_path: Path, first: str, second: str) -> None:
    recipe = tiny_recipe(
        qwen,
        rationale={"method": first, "most_steps": 12, "save_steps": 3},
        regression={"method": second, "most_steps": 12, "evaluate_steps": 3},
    )
    path = write_recipe(recipe, tmp_path / "recipe.yaml")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    plain = run("train", "all", "--recipe", path, "--data", bench, "-o", whole)
    assert plain.returncode == 0, plain.stderr
    line = command("train", "all", "--recipe", path, "--data", bench, "-o", broken)
    until(line, lambda: any((broken / ".rationale-checkpoints").glob("checkpoint-*")))  # torn, as likely as not
    assert not done(Run(broken), "rationale")
    until(line, lambda: any((broken / ".regression-checkpoints").glob("checkpoint-*/trainer_state.json")))
    assert done(Run(broken), "generate") and not done(Run(broken), "regression")
    last = run("train", "all", "--recipe", path, "--data", bench, "-o", broken)
    assert last.returncode == 0, last.stderr
    assert "regression: goes on from step" in last.stderr
    assert weights(broken) == weights(whole) and len(weights(whole)) >= 3
    for split in ("train", "val"):
        assert Run(broken).traces(split).read_bytes() == Run(whole).traces(split).read_bytes()
    assert not list(broken.glob(".*checkpoints"))
