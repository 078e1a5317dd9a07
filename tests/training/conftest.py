"""Data sets and models that several test files read, made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from training_helpers import paper_bench, tiny_qwen


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of two cell types with the paper's cards."""
    return paper_bench(tmp_path_factory.mktemp("bench") / "bench")


@pytest.fixture(scope="session")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Qwen3 with random weights."""
    return tiny_qwen(tmp_path_factory.mktemp("qwen"))
