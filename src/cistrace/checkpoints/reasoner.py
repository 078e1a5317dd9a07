"""Open the reasoner of a checkpoint's folder: language model, tokenizer and head.

Apart from `checkpoints.load`, so that towers alone need not wait for it.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from cistrace.checkpoints.device import usable_device
from cistrace.checkpoints.schema import HEAD, VOCABULARY, ModelInterface
from cistrace.errors import ModelError
from cistrace.io.streams import shown
from cistrace.writers.arms import LEDGER
from cistrace.writers.decoder import load_decoder
from cistrace.writers.domain_reasoner import DomainReasoner
from cistrace.writers.head import Head
from cistrace.writers.layout import DOMAIN
from cistrace.writers.reasoner import Reasoner
from cistrace.writers.vocabulary import VocabularyNames

TOKENIZER = "tokenizer.json"


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
        The folder holds no language model of the interface's layout.
    """
    place = usable_device(device or reasoner_device(interface))
    if interface.layout != DOMAIN:
        try:
            from cistrace.checkpoints.chat import open_chat_reasoner  # transformers takes seconds to import
        except ModuleNotFoundError as error:
            if error.name != "transformers":
                raise
            raise ModelError(
                f"{shown(folder)}: its language model is a chat model; expected the extra chat, found no transformers; "
                "run `pip install 'cistrace[chat]'`"
            ) from None
        return open_chat_reasoner(folder, interface, place)
    # In float32, so that on CPUs what is written does not depend on the batch.
    decoder = load_decoder(folder).to(place)
    head = head_of(folder, interface, decoder.hidden_size)
    return DomainReasoner(decoder, _tokenizer(folder), head, VocabularyNames.read(folder / VOCABULARY))


def reasoner_device(interface: ModelInterface) -> str:
    """Where a language model computes unless told: a chat model on the GPU where there is one for CUDA."""
    return "cuda" if interface.layout != DOMAIN and torch.cuda.is_available() else "cpu"


def head_of(folder: Path, interface: ModelInterface, hidden_size: int) -> Head:
    """The head of a folder; a fresh one, which nobody reads, where ledgers are told."""
    head = Head(hidden_size)
    if interface.arm != LEDGER:
        head.load_state_dict(load_file(folder / HEAD))
    return head


def _tokenizer(folder: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(folder / TOKENIZER))
    except Exception as error:  # tokenizers raises no narrower one
        raise ModelError(f"{folder / TOKENIZER}: not a readable tokenizer ({error}); restore the checkpoint") from error
