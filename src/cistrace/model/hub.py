"""Load a checkpoint: check its files' hashes, then read towers, knowledge and reasoner."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast
from transformers.utils.logging import disable_progress_bar

from cistrace.checkpoint import TOWER_FILES, CellScale, file_hashes, read_config, read_scale, shipped_checkpoint
from cistrace.errors import ModelError
from cistrace.knowledge import Knowledge, read_knowledge
from cistrace.model.evidence import Towers
from cistrace.model.head import Head
from cistrace.model.reasoner import Reasoner
from cistrace.model.tower_file import load_tower
from cistrace.model.vocabulary import Names


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A loaded checkpoint, ready to predict. `hash` names its content."""

    hash: str
    cell_types: tuple[str, ...]
    window: int
    scales: dict[str, CellScale]
    towers: Towers
    knowledge: Knowledge
    reasoner: Reasoner


def load_language_model(folder: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerFast, Names]:
    """Read a reasoner's folder in float32.

    Raises
    ------
    ModelError
        The folder is not one that transformers can open.
    """
    disable_progress_bar()  # a second's work needs none, and stderr is for messages
    try:
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"{folder}: not a readable language model ({error}); restore the checkpoint") from error
    return model, tokenizer, Names.read(folder / "names.json")  # type: ignore[return-value]


def load_checkpoint(folder: Path | None = None) -> Checkpoint:
    """Read a checkpoint, the shipped one unless told otherwise.

    Raises
    ------
    ModelError
        A file is missing or does not have the content that checkpoint.json names.
    """
    folder = folder or shipped_checkpoint()
    plain = read_config(folder)
    found = file_hashes(folder)
    for name, expected in plain["files"].items():
        if name not in found:
            raise ModelError(f"{folder / name}: no such file; restore the checkpoint")
        if found[name] != expected:
            raise ModelError(
                f"{folder / name}: found SHA-256 {found[name][:12]}, expected {expected[:12]}; the file is torn or "
                "altered: restore the checkpoint"
            )
    language_model, tokenizer, names = load_language_model(folder / "reasoner")
    head = Head(language_model.config.hidden_size)
    head.load_state_dict(load_file(folder / "head.safetensors"))
    estimator, witness = (load_tower(folder / name) for name in TOWER_FILES)
    return Checkpoint(
        hashlib.sha256(json.dumps(plain["files"], sort_keys=True).encode()).hexdigest(),
        tuple(plain["cell_types"]),
        plain["window"],
        {cell: read_scale(scale) for cell, scale in plain["scales"].items()},
        Towers(estimator, witness),
        read_knowledge(folder / "knowledge.tsv"),
        Reasoner(language_model, tokenizer, head, names),
    )
