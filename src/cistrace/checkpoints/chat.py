"""Open a checkpoint whose language model is one of transformers' with a chat template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils.logging import disable_progress_bar

from cistrace.checkpoints.adapters import refuse_pickled_adapters
from cistrace.checkpoints.reasoner import head_of
from cistrace.checkpoints.schema import ModelInterface
from cistrace.errors import ModelError
from cistrace.writers.chat_reasoner import ChatReasoner
from cistrace.writers.layout import layout_of
from cistrace.writers.sampling import Sampling


def open_chat_reasoner(folder: Path, interface: ModelInterface, place: torch.device) -> ChatReasoner:
    """See `checkpoints.reasoner.open_reasoner`: in float32 on a CPU, as stored elsewhere."""
    language_model, tokenizer = _load_language_model(folder, torch.float32 if place.type == "cpu" else None)
    language_model.to(place)  # type: ignore[arg-type]
    head = head_of(folder, interface, language_model.config.hidden_size)
    writes = interface.generation
    sampling = Sampling(
        writes.sampling == "greedy", writes.temperature, writes.top_p, writes.top_k, writes.most_tokens
    )  # fmt: skip
    return ChatReasoner(language_model, layout_of(interface.layout, tokenizer), head, sampling, writes.seed)


def _load_language_model(folder: Path, dtype: torch.dtype | None) -> tuple[PreTrainedModel, Any]:
    """Language model and tokenizer of a folder; as stored unless `dtype` says otherwise."""
    disable_progress_bar()  # a second's work needs none, and stderr is for messages
    try:
        refuse_pickled_adapters(folder)
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype or "auto", local_files_only=True, trust_remote_code=False, use_safetensors=True
        )
        return model, AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"{folder}: not a readable language model ({error}); restore the checkpoint") from error
