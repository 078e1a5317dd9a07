"""Open the reasoner of a checkpoint's folder: language model, tokenizer and head.

Apart from `checkpoints.load`, as transformers takes seconds to import, which towers need not wait for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils.logging import disable_progress_bar

from cistrace.checkpoints.device import usable_device
from cistrace.checkpoints.schema import HEAD, VOCABULARY, ModelInterface
from cistrace.errors import ModelError
from cistrace.writers.arms import LEDGER
from cistrace.writers.chat_reasoner import ChatReasoner
from cistrace.writers.domain_reasoner import DomainReasoner
from cistrace.writers.head import Head
from cistrace.writers.layout import DOMAIN, layout_of
from cistrace.writers.reasoner import Reasoner
from cistrace.writers.sampling import Sampling
from cistrace.writers.vocabulary import VocabularyNames


def load_language_model(folder: Path, dtype: torch.dtype | None = None) -> tuple[PreTrainedModel, Any]:
    """Language model and tokenizer of a folder; as stored unless `dtype` says otherwise.

    Raises
    ------
    ModelError
        The folder is not one that transformers can open.
    """
    disable_progress_bar()  # a second's work needs none, and stderr is for messages
    try:
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype or "auto", local_files_only=True)
        return model, AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"{folder}: not a readable language model ({error}); restore the checkpoint") from error


def open_reasoner(folder: Path, interface: ModelInterface, device: str | None = None) -> Reasoner:
    """The reasoner of a checkpoint's folder, in evaluation mode.

    Parameters
    ----------
    device : str, optional
        As PyTorch names it. Unless given, the CPU, but for a chat model the GPU where there is one for CUDA.

    Raises
    ------
    InputError
        A device that cannot be used.
    ModelError
        The folder is not one that transformers can open.
    """
    chat = interface.layout != DOMAIN
    place = usable_device(device or ("cuda" if chat and torch.cuda.is_available() else "cpu"))
    # In float32 on CPUs, where what is written then does not depend on the batch; a chat model as stored on a GPU.
    language_model, tokenizer = load_language_model(folder, None if chat and place.type != "cpu" else torch.float32)
    language_model.to(place)  # type: ignore[arg-type]
    head = Head(language_model.config.hidden_size)  # a fresh one, which nobody reads, where ledgers are told
    if interface.arm != LEDGER:
        head.load_state_dict(load_file(folder / HEAD))
    if interface.layout == DOMAIN:
        return DomainReasoner(language_model, tokenizer, head, VocabularyNames.read(folder / VOCABULARY))
    writes = interface.generation
    sampling = Sampling(
        writes.sampling == "greedy", writes.temperature, writes.top_p, writes.top_k, writes.most_tokens
    )  # fmt: skip
    return ChatReasoner(language_model, layout_of(interface.layout, tokenizer), head, sampling, writes.seed)
