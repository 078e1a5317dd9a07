"""The writer of a finished compact model, for other cell types: all its tokens and weights, and new cell types' names.

A cell type's name stands once in a prompt, as one token, and never in a trace. So a name that the writer does not know
begins as the mean of those that it knows.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from cistrace.errors import ModelError
from cistrace.io.streams import shown
from cistrace.training.language_models import Base
from cistrace.training.start import Start
from cistrace.writers.prompts import CELL_LINE
from cistrace.writers.tokenizer import build_tokenizer
from cistrace.writers.vocabulary import VocabularyNames, slots


def writer_of(start: Start, cell_types: tuple[str, ...]) -> Base:
    """The start's writer with the tokens of other cell types.

    Raises
    ------
    ModelError
        Its language model cannot be opened.
    """
    known = VocabularyNames.read(start.vocabulary)
    names = replace(known, cell_types=cell_types)
    tokenizer = build_tokenizer(names)
    try:
        before = AutoTokenizer.from_pretrained(start.folder, local_files_only=True, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            start.folder, dtype=torch.float32, local_files_only=True, trust_remote_code=False, use_safetensors=True
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"{shown(start.folder)}: its writer cannot be opened ({error}); expected a compact model; restore it"
        ) from error
    old = model.get_input_embeddings().weight.detach().clone()
    rows = embeddings_of(before.backend_tokenizer, tokenizer.backend_tokenizer, old, known)
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    with torch.no_grad():
        model.get_input_embeddings().weight.copy_(rows)
    model.config.pad_token_id, model.config.eos_token_id = tokenizer.pad_token_id, tokenizer.eos_token_id
    return Base(model, tokenizer, names)


def embeddings_of(before: Tokenizer, after: Tokenizer, old: Tensor, known: VocabularyNames) -> Tensor:
    """Embeddings, tied, for a new vocabulary: of tokens that were known before their own, of others the known names'
    mean.

    Parameters
    ----------
    old : Tensor, float32, shape (tokens before, hidden)
    known : VocabularyNames
        Of the vocabulary before.

    Returns
    -------
    Tensor, float32, shape (tokens after, hidden)
    """
    places = before.get_vocab()
    cells = [places[piece] for slot in slots(CELL_LINE, known) for piece in slot.pieces]
    mean = old[cells].mean(dim=0)
    rows = mean.repeat(after.get_vocab_size(), 1)
    for token, place in after.get_vocab().items():
        if token in places:
            rows[place] = old[places[token]]
    return rows
