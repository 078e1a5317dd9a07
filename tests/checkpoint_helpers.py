"""A scale of made-up natural elements, random DNA, and the shipped checkpoint changed, or with a head."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist

import numpy as np

from cistrace.cards.evidence import PredictingEvidence
from cistrace.checkpoints.schema import (
    HEAD,
    Bounds,
    Calibration,
    CellScale,
    CheckpointConfig,
    Readout,
    file_hashes,
    read_config,
    shipped_checkpoint,
    write_config,
)
from cistrace.writers.arms import PredictingArm

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


def headed_checkpoint(
    folder: Path, arm: PredictingArm, *readouts: Readout, evidence: PredictingEvidence = "none"
) -> Path:
    """The shipped language model and towers with a head of random weights, as a model whose head scores."""
    import torch
    from safetensors.torch import save_file

    from cistrace.writers.head import Head

    def change(config: CheckpointConfig) -> CheckpointConfig:
        scales = {
            name: replace(
                scale,
                calibrations={readout: _headed(scale, readout) for readout in readouts},
                line=scale.line if evidence == "towers" else None,
            )
            for name, scale in config.scales.items()
        }
        interface = replace(config.interface, readouts=readouts, evidence=evidence, arm=arm)
        return replace(config, interface=interface, scales=scales, files=file_hashes(folder))

    shutil.copytree(shipped_checkpoint(), folder)
    torch.manual_seed(0)
    head = Head(json.loads((folder / "config.json").read_text())["hidden_size"])
    torch.nn.init.normal_(head.linear.weight, std=0.1)
    save_file(head.state_dict(), folder / HEAD)
    write_config(folder, change(read_config(folder)))
    return folder


def _headed(scale: CellScale, readout: Readout) -> Calibration:
    """The towers' calibration for scores that are standardised."""
    towers = scale.calibrations["towers"]
    return towers if readout == "towers" else replace(towers, slope=scale.spread, intercept=scale.location)
