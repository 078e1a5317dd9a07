"""Models that a stage of training wrote, opened again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cistrace.checkpoints.schema import shipped_checkpoint
from cistrace.errors import ModelError
from cistrace.training.language_models import ADAPTER_CONFIG, load_trained
from cistrace.training.recipe import Recipe


@pytest.mark.parametrize("content", ["[" * 100_000, "[]", '{"base_model_name_or_path": 3}'])
def test_an_adapter_that_names_no_base_is_refused(content: str, tmp_path: Path) -> None:
    for file in shipped_checkpoint().glob("tokenizer*"):
        shutil.copy(file, tmp_path)
    (tmp_path / ADAPTER_CONFIG).write_text(content)
    with pytest.raises(ModelError, match=r"not a readable language model \((nested too deeply|.* names no base model)"):
        load_trained(tmp_path, Recipe())
