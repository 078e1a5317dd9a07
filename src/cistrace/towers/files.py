"""Towers on disk: float16 safetensors, kind and configuration in the metadata."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from cistrace.errors import ModelError
from cistrace.towers.dilated import DilatedConfig, DilatedTower
from cistrace.towers.dream import DreamConfig, DreamTower
from cistrace.towers.legnet import LegNet, LegNetConfig
from cistrace.towers.residual import ResidualConfig, ResidualTower

KINDS = {
    "residual": (ResidualTower, ResidualConfig),
    "legnet": (LegNet, LegNetConfig),
    "dilated": (DilatedTower, DilatedConfig),
    "dream": (DreamTower, DreamConfig),
}
DIGEST = "sha256"
AnyTower = ResidualTower | LegNet | DilatedTower | DreamTower


def save_tower(tower: AnyTower, path: Path, notes: dict[str, str]) -> None:
    """Write weights as float16 safetensors, in the metadata the configuration, notes, and a hash of all this."""
    weights = {
        name: tensor.detach().to(torch.float16 if tensor.is_floating_point() else tensor.dtype).contiguous()
        for name, tensor in tower.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    kind = next(name for name, (made, _) in KINDS.items() if isinstance(tower, made))
    metadata = {"kind": kind, "config": json.dumps(asdict(tower.config)), **notes}
    save_file(weights, path, metadata={**metadata, DIGEST: _digest(weights, metadata)})


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
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no dict)
        _check_digest(stored, metadata)
        weights = {name: tensor.float() for name, tensor in stored.items()}
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


def _digest(weights: dict[str, torch.Tensor], metadata: dict[str, str]) -> str:
    """SHA-256, hexadecimal, of all that a tower's file holds."""
    whole = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name, tensor in sorted(weights.items()):
        whole.update(f"\n{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        whole.update(tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return whole.hexdigest()


def _check_digest(weights: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
    """Files of earlier versions lack it."""
    expected = metadata.get(DIGEST)
    others = {name: value for name, value in metadata.items() if name != DIGEST}
    if expected is not None and (found := _digest(weights, others)) != expected:
        raise ValueError(f"its content has SHA-256 {found[:12]}, not {expected[:12]}: torn or altered")


def tower_notes(path: Path) -> dict[str, str]:
    """What a tower's file says of itself but its hash; empty where there is no such file that can be read."""
    try:
        with safe_open(path, framework="pt") as file:
            return {name: value for name, value in (file.metadata() or {}).items() if name != DIGEST}
    except (OSError, SafetensorError):
        return {}
