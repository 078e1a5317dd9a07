"""Data sets and models that several test files read, made once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cli_helpers import invoke
from training_helpers import paper_bench, tiny_qwen


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of two cell types with the paper's cards."""
    return paper_bench(tmp_path_factory.mktemp("bench") / "bench")


@pytest.fixture(scope="session")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Qwen3 with random weights."""
    return tiny_qwen(tmp_path_factory.mktemp("qwen"))


@pytest.fixture(scope="session")
def r3lm(bench: Path, qwen: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The R3LM recipe through all stages: its own settings, but for the base, and stopped after a few steps.

    As in the paper, the teacher wrote traces for some of the training rows alone, and stage II reads all.
    """
    folder = tmp_path_factory.mktemp("r3lm") / "run"
    taught = Path(shutil.copytree(bench, folder.with_name("bench")))
    (taught / "val.jsonl").unlink()
    lines = (taught / "train.jsonl").read_text().splitlines(keepends=True)
    (taught / "train.jsonl").write_text("".join(lines[: len(lines) // 2]))
    made = invoke(
        "train", "all", "--recipe", "r3lm-qwen3-4b", "--data", taught, "-o", folder, f"model.base={qwen}",
        "model.download=false", "rationale.most_steps=3", "regression.most_steps=4", "regression.evaluate_steps=2",
        "generation.most_tokens=32", "calibration_rows=20",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    return folder
