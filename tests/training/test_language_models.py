"""What a training starts from and what a stage left: read from safetensors, and from nothing that is unpickled."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from cistrace.checkpoints.adapters import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from cistrace.checkpoints.chat import open_chat_reasoner
from cistrace.checkpoints.schema import Generation, ModelInterface, Origin, shipped_checkpoint
from cistrace.errors import ModelError
from cistrace.training.language_models import load_language_model_base, load_trained
from cistrace.training.recipe import ModelRecipe, Recipe


def pickled(weights: Path, name: str) -> None:
    """Put a pickle in the place of safetensors."""
    torch.save(load_file(weights), weights.with_name(name))
    weights.unlink()


@pytest.fixture
def folder(qwen: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(qwen, tmp_path / "base"))


@pytest.fixture
def adapter(folder: Path) -> Path:
    """A stage's adapters, over a base that the recipe names."""
    made = folder.with_name("adapter")
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(folder), LoraConfig(target_modules=["q_proj"]))
    model.save_pretrained(made)
    for file in folder.glob("*token*"):
        shutil.copy(file, made)
    return made


def test_a_base_of_pickles_is_refused(folder: Path) -> None:
    assert load_language_model_base(ModelRecipe(base=str(folder)))
    pickled(folder / "model.safetensors", "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"base: cannot be opened \(.*safetensors") as caught:
        load_language_model_base(ModelRecipe(base=str(folder)))
    assert "\n" not in str(caught.value)


def test_adapters_in_a_pickle_are_refused(folder: Path, adapter: Path) -> None:
    recipe = Recipe(model=ModelRecipe(base=str(folder)))
    assert load_trained(adapter, recipe)
    pickled(adapter / "adapter_model.safetensors", "adapter_model.bin")
    with pytest.raises(ModelError, match=r"adapter: .*without adapter_model\.safetensors") as caught:
        load_trained(adapter, recipe)
    assert "\n" not in str(caught.value)


def test_a_base_with_adapters_in_a_pickle_is_refused(folder: Path, adapter: Path) -> None:
    pickled(adapter / "adapter_model.safetensors", "adapter_model.bin")
    for file in adapter.glob("adapter_*"):
        shutil.copy(file, folder)
    with pytest.raises(ModelError, match=r"base: cannot be opened .*without adapter_model\.safetensors"):
        load_language_model_base(ModelRecipe(base=str(folder)))
    writes = Generation("greedy", 0.95, 0.7, 50, 64, True, 0)
    origin = Origin("compact", "0.1.0", None, {})
    interface = ModelInterface("chat", "none", "card+generated", ("trace",), writes, origin)
    with pytest.raises(ModelError, match=r"base: not a readable .*without adapter_model\.safetensors"):
        open_chat_reasoner(folder, interface, torch.device("cpu"))


@pytest.mark.parametrize("content", ["[" * 100_000, "[]", '{"base_model_name_or_path": 3}'])
def test_an_adapter_that_names_no_base_is_refused(content: str, tmp_path: Path) -> None:
    for file in shipped_checkpoint().glob("tokenizer*"):
        shutil.copy(file, tmp_path)
    (tmp_path / ADAPTER_CONFIG).write_text(content)
    (tmp_path / ADAPTER_WEIGHTS).touch()
    with pytest.raises(ModelError, match=r"not a readable language model \((nested too deeply|.* names no base model)"):
        load_trained(tmp_path, Recipe())
