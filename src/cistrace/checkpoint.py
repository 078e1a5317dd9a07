"""What a checkpoint folder says of itself: checkpoint.json, hashes, the scales of every cell type.

    checkpoint.json          cell types, window, scales, and SHA-256 of every other file
    tower-legnet.safetensors, tower-whole.safetensors
    head.safetensors
    knowledge.tsv
    reasoner/                a Hugging Face folder (model.safetensors, tokenizer.json, ...) and names.json

No weights are read here; `model.hub` does that. Nothing is fetched: a folder is all there is.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from cistrace.errors import ModelError

CONFIG = "checkpoint.json"
# The first gives the activity, the second says what every hit is worth.
TOWER_FILES = ("tower-legnet.safetensors", "tower-whole.safetensors")


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


def shipped_checkpoint() -> Path:
    """Folder of the checkpoint that comes with the package."""
    return Path(str(files("cistrace") / "data" / "checkpoint"))


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
