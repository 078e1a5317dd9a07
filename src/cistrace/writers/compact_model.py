"""The compact language model: a small Llama, made from scratch for the domain tokenizer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedModel, PreTrainedTokenizerFast


@dataclass(frozen=True)
class LanguageModelShape:
    """About 1.6 million parameters beside the embeddings. Heads are few and narrow: on CPUs attention is what costs."""

    hidden: int = 192
    layers: int = 4
    heads: int = 4
    head_size: int = 32
    inner: int = 512


def new_language_model(tokenizer: PreTrainedTokenizerFast, shape: LanguageModelShape, seed: int) -> PreTrainedModel:
    """A freshly initialised model under `AutoModelForCausalLM`, embeddings tied."""
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        head_dim=shape.head_size,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return AutoModelForCausalLM.from_config(config, dtype=torch.float32)
