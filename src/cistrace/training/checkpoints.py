"""Checkpoints of the two stages: the last whole one, and what a kill left half written.

Weights are safetensors. The state of optimizer, schedule and random numbers is in torch's own files, which are pickles
by format; the trainer reads them with `weights_only=True`, which makes tensors and plain values and runs no code.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from zipfile import is_zipfile

from safetensors import SafetensorError, safe_open

from cistrace.io.small_files import parse_json, small_text

STATE = "trainer_state.json"  # written last
PREFIX = "checkpoint-"


def last_whole(folder: Path, main: bool) -> Path | None:
    """The newest checkpoint that was written to its end. The main process removes torn ones."""
    found = sorted(folder.glob(f"{PREFIX}*"), key=_step)
    whole = [path for path in found if _is_whole(path)]
    if main:
        for path in found:
            if path not in whole:
                shutil.rmtree(path)
    return whole[-1] if whole else None


def _step(path: Path) -> int:
    text = path.name.removeprefix(PREFIX)
    return int(text) if text.isdecimal() else -1


def _is_whole(path: Path) -> bool:
    try:
        plain = parse_json(small_text(path / STATE))
        if not isinstance(plain, dict) or plain["global_step"] != _step(path):
            return False
        for weights in path.glob("*.safetensors"):
            with safe_open(weights, framework="np"):
                pass
        # torch writes its files as zip archives, whose directory stands at the end.
        return all(is_zipfile(file) for ending in ("pt", "pth") for file in path.glob(f"*.{ending}"))
    except (OSError, ValueError, KeyError, SafetensorError):
        return False
