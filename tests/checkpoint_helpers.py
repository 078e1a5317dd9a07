"""A scale of made-up natural elements, random DNA, and the shipped checkpoint with its configuration changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist

import numpy as np

from cistrace.checkpoints.schema import (
    Bounds,
    Calibration,
    CellScale,
    CheckpointConfig,
    read_config,
    shipped_checkpoint,
    write_config,
)

# Natural elements that are normal with mean 1 and standard deviation 2, so that normal scores are (activity - 1) / 2.
_SHARES = np.clip(np.linspace(0, 1, 201), 0.0025, 0.9975)
QUANTILES = tuple(1 + 2 * NormalDist().inv_cdf(share) for share in _SHARES)
CUTS = tuple(1 + 2 * NormalDist().inv_cdf(share) for share in (0.25, 0.5, 0.75))
SCALE = CellScale(1.0, 2.0, CUTS, QUANTILES, {})  # type: ignore[arg-type]
BOUNDS = Bounds((-1.0, 0.5), (0.6, 1.0), (0.7, 1.5))
CALIBRATION = Calibration(0.8, 0.1, BOUNDS, -0.1, 0.6, 100, 200)


def dna(length: int, seed: int) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), length))


def altered_checkpoint(folder: Path, change: Callable[[CheckpointConfig], CheckpointConfig]) -> Path:
    """The shipped checkpoint in a folder of its own, its weights as they are and its configuration changed."""
    shutil.copytree(shipped_checkpoint(), folder)
    write_config(folder, change(read_config(folder)))
    return folder
