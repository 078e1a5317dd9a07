"""Checkpoints on disk: what a folder holds, how it is read, and how damage is recognised.

    checkpoint.json          cell types, window, scale, levels, intervals, and SHA-256 of every other file
    tower-fold<k>.safetensors
    head.safetensors
    knowledge.tsv
    reasoner/                a Hugging Face folder (model.safetensors, tokenizer.json, ...) and names.json

Nothing is fetched: a folder is all there is.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from cistrace.errors import ModelError
from cistrace.knowledge import Knowledge, read_knowledge
from cistrace.model.evidence import Towers
from cistrace.model.head import Head
from cistrace.model.reasoner import Reasoner
from cistrace.model.tower import load_tower
from cistrace.model.vocabulary import Names

CONFIG = "checkpoint.json"


@dataclass(frozen=True)
class CellScale:
    """What turns a standardised score of one cell type into what is reported.

    Attributes
    ----------
    location, spread : float
        Mean and standard deviation of the training split, log2(RNA/DNA).
    slope, intercept : float
        Calibration on val of the score with a trace: activity = intercept + slope x standardised score.
    bare_slope, bare_intercept : float
        The same for the score of the card alone.
    half_width : float
        Half the 90 % interval: conformal, from val's absolute residuals.
    cuts : tuple of 3 float
        Between levels 0-3.
    quantiles : tuple of float
        Evenly spaced quantiles, 0 to 1, of the natural elements' measured activity.
    """

    location: float
    spread: float
    slope: float
    intercept: float
    bare_slope: float
    bare_intercept: float
    half_width: float
    cuts: tuple[float, float, float]
    quantiles: tuple[float, ...]


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


def shipped_checkpoint() -> Path:
    """Folder of the checkpoint that comes with the package."""
    return Path(str(files("cistrace") / "data" / "checkpoint"))


def load_language_model(folder: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerFast, Names]:
    """Read a reasoner's folder in float32.

    Raises
    ------
    ModelError
        The folder is not one that transformers can open.
    """
    try:
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"{folder}: not a readable language model ({error}); restore the checkpoint") from error
    return model, tokenizer, Names.read(folder / "names.json")  # type: ignore[return-value]


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder but checkpoint.json, by its path."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md")
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.name != CONFIG
    }


def write_config(folder: Path, cell_types: tuple[str, ...], window: int, scales: dict[str, CellScale]) -> None:
    """Write checkpoint.json for the files that the folder holds."""
    plain = {
        "cell_types": list(cell_types),
        "window": window,
        "scales": {cell: asdict(scale) for cell, scale in scales.items()},
        "files": file_hashes(folder),
    }
    (folder / CONFIG).write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


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
    towers = [load_tower(path) for path in sorted(folder.glob("tower-*.safetensors"))]
    return Checkpoint(
        hashlib.sha256(json.dumps(plain["files"], sort_keys=True).encode()).hexdigest(),
        tuple(plain["cell_types"]),
        plain["window"],
        {cell: read_scale(scale) for cell, scale in plain["scales"].items()},
        Towers(towers),
        read_knowledge(folder / "knowledge.tsv"),
        Reasoner(language_model, tokenizer, head, names),
    )


def read_scale(plain: dict[str, Any]) -> CellScale:
    return CellScale(**{**plain, "cuts": tuple(plain["cuts"]), "quantiles": tuple(plain["quantiles"])})


def read_config(folder: Path) -> dict[str, Any]:
    """The content of checkpoint.json."""
    path = folder / CONFIG
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        if not {"cell_types", "window", "scales", "files"} <= plain.keys():
            raise ValueError("fields are missing")
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{path}: not a readable checkpoint ({error}); restore it or name another folder") from error
    return plain
