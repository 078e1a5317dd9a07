"""What a checkpoint folder says of itself: cistrace/checkpoint.json, hashes, the scales of every cell type.

    config.json, model.safetensors, tokenizer.json, ...    a Hugging Face folder, as any library opens it
    cistrace/checkpoint.json          what this module reads and writes, with SHA-256 of every other file
    cistrace/head.safetensors
    cistrace/tower-legnet.safetensors, tower-whole.safetensors, knowledge.tsv    with cards of towers' evidence
    cistrace/names.json               with the domain layout

What is not the language model's stands in a folder of its own, as some servers load every safetensors file at the top.
No weights are read here; `checkpoints.load` does that. Nothing is fetched: a folder is all there is.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from cistrace.errors import ModelError
from cistrace.io.hashes import file_hash
from cistrace.writers.arms import PREDICTING_ARMS, PredictingArm
from cistrace.writers.layout import LAYOUTS, LayoutName

OURS = "cistrace"
CONFIG = f"{OURS}/checkpoint.json"
HEAD, KNOWLEDGE, NAMES = f"{OURS}/head.safetensors", f"{OURS}/knowledge.tsv", f"{OURS}/names.json"
# The first gives the activity, the second says what every hit is worth.
TOWER_FILES = (f"{OURS}/tower-legnet.safetensors", f"{OURS}/tower-whole.safetensors")
CARDS = ("towers", "paper")


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


@dataclass(frozen=True)
class ModelInterface:
    """What a checkpoint's model reads and how it writes.

    Attributes
    ----------
    layout : LayoutName
        `domain` or `chat`: see `writers.layout`.
    cards : str
        `towers`: with their evidence; `paper`: without any.
    arm : PredictingArm
        `card+generated`, or one that reads no trace: `card`, `sequence`.
    generation : dict
        `sampling`, `temperature`, `top_p`, `top_k`, `most_tokens`, `grammar`, `seed`.
    origin : dict
        Recipe, data set, versions: for people.
    """

    layout: LayoutName
    cards: str
    arm: PredictingArm
    generation: dict[str, Any]
    origin: dict[str, Any]


def shipped_checkpoint() -> Path:
    """Folder of the checkpoint that comes with the package."""
    return Path(str(files("cistrace") / "data" / "checkpoint"))


def model_folder(model: Path | None = None) -> Path:
    """The folder that holds a model's files: the shipped one's for None, RUN/model for a training run."""
    if model is None:
        return shipped_checkpoint()
    return model / "model" if not (model / CONFIG).exists() and (model / "model" / CONFIG).exists() else model


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder but checkpoint.json and texts for people, by its path."""
    paths = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: file_hash(path) for name, path in paths.items() if name != CONFIG and path.suffix != ".md"}


def write_config(
    folder: Path, cell_types: tuple[str, ...], window: int, scales: dict[str, CellScale], form: ModelInterface
) -> None:
    """Write checkpoint.json for the files that the folder holds."""
    plain = {
        **asdict(form),
        "cell_types": list(cell_types),
        "window": window,
        "scales": {cell: asdict(scale) for cell, scale in scales.items()},
        "files": file_hashes(folder),
    }
    (folder / CONFIG).write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


def read_scale(plain: dict[str, Any]) -> CellScale:
    return CellScale(**{**plain, "cuts": tuple(plain["cuts"]), "quantiles": tuple(plain["quantiles"])})


def read_interface(plain: dict[str, Any]) -> ModelInterface:
    return ModelInterface(*(plain[name] for name in ("layout", "cards", "arm", "generation", "origin")))


def read_config(folder: Path) -> dict[str, Any]:
    """The content of checkpoint.json.

    Raises
    ------
    ModelError
        The folder is no checkpoint, or one of another version.
    """
    path = folder / CONFIG
    if not path.exists() and (folder / "run.json").exists():
        raise ModelError(
            f"{folder}: is a run of `cistrace train`; expected its model; run `cistrace export {folder} -o DIR`"
        )
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        if not {"cell_types", "window", "scales", "files", *ModelInterface.__dataclass_fields__} <= plain.keys():
            raise ValueError("fields are missing")
        for name, known in (("layout", LAYOUTS), ("cards", CARDS), ("arm", PREDICTING_ARMS)):
            if plain[name] not in known:
                raise ValueError(f"{name} is {plain[name]!r}, not {' or '.join(known)}")
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{path}: not a readable checkpoint ({error}); restore it or name another folder") from error
    return plain
