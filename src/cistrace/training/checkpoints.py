"""Checkpoints of the two stages: the last whole one, and what a kill left half written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from zipfile import is_zipfile

from safetensors import SafetensorError, safe_open

from cistrace.errors import RunError
from cistrace.io.hashes import json_hash
from cistrace.io.streams import shown
from cistrace.training.recipe import Recipe
from cistrace.training.recipe_file import recipe_object
from cistrace.training.run import SECTIONS

KEY = "key"
STATE = "trainer_state.json"  # written last
PREFIX = "checkpoint-"


def key_of(recipe: Recipe, stage: str, rows: int) -> str:
    """What checkpoints of a stage belong to: all of the recipe that shapes it, and its rows."""
    plain = recipe_object(recipe)
    shaping = {section: plain[section] for section in SECTIONS[stage]}
    return json_hash([shaping, rows])


def last_whole(folder: Path, key: str, main: bool) -> Path | None:
    """The newest checkpoint that was written to its end. The main process removes torn ones.

    Raises
    ------
    RunError
        The checkpoints are of another recipe or other records.
    """
    mark = folder / KEY
    if folder.exists() and mark.exists() and mark.read_text() != key:
        raise RunError(
            f"{shown(folder)}: holds checkpoints of another recipe or other records; expected its own; remove "
            "the folder to begin anew"
        )
    found = sorted(folder.glob(f"{PREFIX}*"), key=_step)
    whole = [path for path in found if _is_whole(path)]
    if main:
        folder.mkdir(parents=True, exist_ok=True)
        mark.write_text(key)
        for path in found:
            if path not in whole:
                shutil.rmtree(path)
    return whole[-1] if whole else None


def _step(path: Path) -> int:
    text = path.name.removeprefix(PREFIX)
    return int(text) if text.isdecimal() else -1


def _is_whole(path: Path) -> bool:
    try:
        plain = json.loads((path / STATE).read_text(encoding="utf-8"))
        if not isinstance(plain, dict) or plain["global_step"] != _step(path):
            return False
        for weights in path.glob("*.safetensors"):
            with safe_open(weights, framework="np"):
                pass
        # torch writes its files as zip archives, whose directory stands at the end.
        return all(is_zipfile(file) for ending in ("pt", "pth") for file in path.glob(f"*.{ending}"))
    except (OSError, ValueError, KeyError, SafetensorError):
        return False
