"""Open what a stage of training wrote: a Hugging Face folder, or a PEFT adapter over another model, merged."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils.logging import disable_progress_bar

from cistrace.errors import ModelError
from cistrace.io.streams import shown
from cistrace.training.base import DTYPES, load_language_model_base
from cistrace.training.recipe import Recipe

ADAPTER_CONFIG = "adapter_config.json"


def load_trained(folder: Path, recipe: Recipe) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The language model and tokenizer of a stage, adapters merged.

    Parameters
    ----------
    folder : Path
        RUN/rationale or RUN/regression. An adapter's base is the folder its configuration names, from itself, where
        there is one (stage II over stage I), else the recipe's base.

    Raises
    ------
    ModelError
        The folder, or its base, is not one that can be opened.
    """
    disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        if not (folder / ADAPTER_CONFIG).exists():
            dtype = DTYPES[recipe.model.weights]
            model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True)
            return model, tokenizer
        return _merged(folder, _base(folder, recipe)), tokenizer
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise ModelError(
            f"{shown(folder)}: not a readable language model ({error}); expected what a stage of `cistrace train` "
            "wrote; run the stage again"
        ) from error


def _base(folder: Path, recipe: Recipe) -> PreTrainedModel:
    name = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8")).get("base_model_name_or_path") or ""
    below = folder / name
    if name.startswith("..") and below.is_dir():
        return load_trained(below, recipe)[0]
    return load_language_model_base(recipe.model)[0]


@torch.no_grad()
def _merged(folder: Path, base: PreTrainedModel) -> PreTrainedModel:
    from peft import PeftModel

    return PeftModel.from_pretrained(base, str(folder)).merge_and_unload()  # type: ignore[no-any-return,operator]
