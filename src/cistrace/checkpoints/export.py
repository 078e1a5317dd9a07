"""Put a checkpoint's folder together from what a training leaves: folders and files in, one folder out."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from cistrace.cards.backdrop import CompositionLine
from cistrace.checkpoints.schema import HEAD, KNOWN_EFFECTS, OURS, TOWER_FILES, VOCABULARY, CellScale
from cistrace.checkpoints.seen import write_seen
from cistrace.mpra.levels import ENHANCERS
from cistrace.mpra.table import MpraTable

QUANTILES = 201
FEWEST_NATURAL = 100  # rows of categories `*_peak` below which all training rows stand for natural elements


@dataclass(frozen=True, eq=False)
class CheckpointParts:
    """What a checkpoint is made of.

    Attributes
    ----------
    model, tokenizer
        The language model, adapters merged, in the precision to keep.
    head : Path or None
        Weights of the regression head; None where the score is a ledger's.
    vocabulary : Path or None
        Names that the domain layout's tokens stand for; None in a chat layout.
    towers : (Path, Path) or None
        LegNet and the light tower, where the model reads their evidence.
    known_effects : Path or None
        With towers.
    seen : sequence of str
        The elements that the towers were fitted on; none where that is not known.
    start : Path or None
        Folder of the checkpoint that this one was adapted from.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    head: Path | None
    vocabulary: Path | None = None
    towers: tuple[Path, Path] | None = None
    known_effects: Path | None = None
    seen: Sequence[str] = ()
    start: Path | None = None


def assemble(parts: CheckpointParts, folder: Path) -> None:
    """Write all files of a checkpoint but checkpoint.json and the model card into an empty folder."""
    parts.model.save_pretrained(folder)
    parts.tokenizer.save_pretrained(folder)
    (folder / OURS).mkdir()
    files = [(parts.head, HEAD), (parts.vocabulary, VOCABULARY), (parts.known_effects, KNOWN_EFFECTS)]
    for source, name in (*files, *zip(parts.towers or (), TOWER_FILES)):
        if source is not None:
            shutil.copy(source, folder / name)
    if parts.seen:
        write_seen(parts.seen, folder, parts.start)


def uncalibrated_scales(
    training: MpraTable, cuts: NDArray[np.float64], lines: Mapping[str, CompositionLine]
) -> dict[str, CellScale]:
    """What the training split alone says of every cell type: location, spread, quantiles; no calibration yet.

    Parameters
    ----------
    training : MpraTable
    cuts : ndarray, float64, shape (cell types, 3)
        Between levels 0-3.
    lines : mapping of cell type to CompositionLine
        Of a model with towers; else empty.
    """
    natural = np.array([category.endswith(ENHANCERS) for category in training.categories])
    if natural.sum() < FEWEST_NATURAL:
        natural[:] = True
    grid, scales = np.linspace(0, 1, QUANTILES), {}
    for cell, name in enumerate(training.cell_types):
        activity = training.activity[:, cell]
        low, middle, high = (float(cut) for cut in cuts[cell])
        quantiles = tuple(round(float(value), 4) for value in np.nanquantile(activity[natural], grid))
        location, spread = float(np.nanmean(activity)), float(np.nanstd(activity))
        scales[name] = CellScale(location, spread, (low, middle, high), quantiles, {}, lines.get(name))
    return scales
