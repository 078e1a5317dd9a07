"""Towers on disk: float16 safetensors, kind and configuration in the metadata."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from cistrace.errors import ModelError
from cistrace.towers.dilated import DilatedConfig, DilatedTower
from cistrace.towers.legnet import LegNet, LegNetConfig
from cistrace.towers.residual import ResidualConfig, ResidualTower

KINDS = {
    "residual": (ResidualTower, ResidualConfig),
    "legnet": (LegNet, LegNetConfig),
    "dilated": (DilatedTower, DilatedConfig),
}
AnyTower = ResidualTower | LegNet | DilatedTower


def save_tower(tower: AnyTower, path: Path, notes: dict[str, str]) -> None:
    """Write weights as float16 safetensors with the configuration in the metadata."""
    weights = {
        name: tensor.detach().to(torch.float16 if tensor.is_floating_point() else tensor.dtype).contiguous()
        for name, tensor in tower.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    kind = next(name for name, (made, _) in KINDS.items() if isinstance(tower, made))
    save_file(weights, path, metadata={"kind": kind, "config": json.dumps(asdict(tower.config)), **notes})


def load_tower(path: Path) -> AnyTower:
    """Read a tower in evaluation mode, float32.

    Raises
    ------
    ModelError
        The file is missing, torn, or does not hold a tower.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            config = json.loads(metadata["config"])
            weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (no dict)
        made, shape = KINDS[metadata["kind"]]
        lists = {name: tuple(value) if isinstance(value, list) else value for name, value in config.items()}
        tower = made(shape(**lists))
        missing, unexpected = tower.load_state_dict(weights, strict=False)
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"{path}: not a readable tower ({error}); restore the file or train it again") from error
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise ModelError(f"{path}: weights do not fit the configuration (missing {missing}, unexpected {unexpected})")
    return tower.eval()


def tower_notes(path: Path) -> dict[str, str]:
    """What a tower's file says of itself; empty where there is no such file that can be read."""
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except (OSError, SafetensorError):
        return {}
