"""Load a checkpoint: check its files' hashes, then read towers, known effects and reasoner."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils.logging import disable_progress_bar

from cistrace.cards.known_effects import KnownEffects, read_known_effects
from cistrace.checkpoints.device import usable_device
from cistrace.checkpoints.schema import (
    CONFIG,
    HEAD,
    KNOWN_EFFECTS,
    TOWER_FILES,
    VOCABULARY,
    CellScale,
    ModelInterface,
    file_hashes,
    model_folder,
    read_config,
)
from cistrace.errors import ModelError
from cistrace.io.hashes import file_hash
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower
from cistrace.writers.chat_reasoner import ChatReasoner
from cistrace.writers.domain_reasoner import DomainReasoner
from cistrace.writers.head import Head
from cistrace.writers.layout import DOMAIN, layout_of
from cistrace.writers.reasoner import Reasoner
from cistrace.writers.sampling import Sampling
from cistrace.writers.vocabulary import VocabularyNames


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A loaded checkpoint, ready to predict.

    Attributes
    ----------
    hash : str
        SHA-256 of checkpoint.json, which holds those of all other files: names weights and calibration.
    cell_types : tuple of str
    window : int
        bp that the model reads at once.
    scales : dict
        CellScale of every cell type.
    interface : ModelInterface
        What the model reads and how it writes.
    faults : tuple of str
        What speaks against using the model, a sentence each.
    towers : Towers or None
    known_effects : KnownEffects or None
        Both as the model's cards need them.
    reasoner : Reasoner
    """

    hash: str
    cell_types: tuple[str, ...]
    window: int
    scales: dict[str, CellScale]
    interface: ModelInterface
    faults: tuple[str, ...]
    towers: Towers | None
    known_effects: KnownEffects | None
    reasoner: Reasoner


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


def load_checkpoint(folder: Path | None = None, device: str | None = None) -> Checkpoint:
    """Read a checkpoint, the shipped one unless told otherwise; of a training run, RUN/model.

    Parameters
    ----------
    device : str, optional
        Where towers and reasoner compute, as PyTorch names it. Unless given, all on the CPU, but a chat model on the
        GPU where there is one for CUDA.

    Raises
    ------
    InputError
        A device that cannot be used.
    ModelError
        A file is missing or does not have the content that checkpoint.json names.
    """
    folder = model_folder(folder)
    config = read_config(folder)
    _check_files(folder, config.files)
    interface = config.interface
    head_weights = load_file(folder / HEAD)
    chat = interface.layout != DOMAIN
    place = usable_device(device or ("cuda" if chat and torch.cuda.is_available() else "cpu"))
    # In float32 on CPUs, where what is written then does not depend on the batch; a chat model as stored on a GPU.
    language_model, tokenizer = load_language_model(folder, None if chat and place.type != "cpu" else torch.float32)
    language_model.to(place)  # type: ignore[arg-type]
    head = Head(language_model.config.hidden_size)
    head.load_state_dict(head_weights)
    with_towers = interface.evidence == "towers"
    return Checkpoint(
        file_hash(folder / CONFIG),
        config.cell_types,
        config.window,
        config.scales,
        interface,
        config.faults,
        Towers(*(load_tower(folder / name).to(device or "cpu") for name in TOWER_FILES)) if with_towers else None,
        read_known_effects(folder / KNOWN_EFFECTS) if with_towers else None,
        _reasoner(folder, interface, language_model, tokenizer, head),
    )


def _check_files(folder: Path, files: dict[str, str]) -> None:
    found = file_hashes(folder)
    for name, expected in files.items():
        if name not in found:
            raise ModelError(f"{folder / name}: no such file; restore the checkpoint")
        if found[name] != expected:
            raise ModelError(
                f"{folder / name}: found SHA-256 {found[name][:12]}, expected {expected[:12]}; the file is torn or "
                "altered: restore the checkpoint"
            )


def _reasoner(
    folder: Path, interface: ModelInterface, language_model: PreTrainedModel, tokenizer: Any, head: Head
) -> Reasoner:
    if interface.layout == DOMAIN:
        return DomainReasoner(language_model, tokenizer, head, VocabularyNames.read(folder / VOCABULARY))
    writes = interface.generation
    sampling = Sampling(
        writes.sampling == "greedy", writes.temperature, writes.top_p, writes.top_k, writes.most_tokens
    )  # fmt: skip
    return ChatReasoner(language_model, layout_of(interface.layout, tokenizer), head, sampling, writes.seed)
