"""Load a checkpoint: check its files' hashes, then read towers and known effects; the reasoner when it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from cistrace.cards.backdrop import NO_LINE
from cistrace.cards.build import CellSetting
from cistrace.cards.known_effects import KnownEffects, read_known_effects
from cistrace.checkpoints.device import usable_device
from cistrace.checkpoints.levels import foresee
from cistrace.checkpoints.schema import (
    CONFIG,
    DOMAIN_FILE,
    KNOWN_EFFECTS,
    TOWER_FILES,
    CellScale,
    CheckpointConfig,
    ModelInterface,
    file_hashes,
    model_folder,
    read_config,
)
from cistrace.errors import ModelError
from cistrace.io.hashes import file_hash
from cistrace.towers.domain import Domain, load_domain
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower
from cistrace.traces.grounded import level_of

if TYPE_CHECKING:
    import torch

    from cistrace.writers.reasoner import Reasoner


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A loaded checkpoint, ready to predict.

    Attributes
    ----------
    folder : Path
    device : str or None
        As `load_checkpoint` was given it.
    hash : str
        SHA-256 of checkpoint.json, which holds those of all other files: names weights and calibration.
    cell_types : tuple of str
    window : int
        bp that the model reads at once.
    scales : dict
        CellScale of every cell type.
    interface : ModelInterface
        What the model reads and how it writes.
    faults : tuple of str
        What speaks against using the model, a sentence each.
    towers : Towers or None
    known_effects : KnownEffects or None
        Both as the model's cards need them.
    """

    folder: Path
    device: str | None
    hash: str
    cell_types: tuple[str, ...]
    window: int
    scales: dict[str, CellScale]
    interface: ModelInterface
    faults: tuple[str, ...]
    towers: Towers | None
    known_effects: KnownEffects | None

    @property
    def domain(self) -> Domain | None:
        """What the towers' training elements look like to them; None without towers, and in older checkpoints."""
        return None if self.towers is None else self.towers.domain

    @property
    def place(self) -> str:
        """Where the model computes, in words."""
        if self.device is not None:
            return self.device
        from cistrace.checkpoints.reasoner import reasoner_device

        device = reasoner_device(self.interface)
        return "cpu" if device == "cpu" else f"cpu, its language model on {device}"

    @cached_property
    def settings(self) -> tuple[CellSetting, ...] | None:
        """What the evidence cards of each cell type share; None for a model that reads the paper's."""
        if self.known_effects is None:
            return None
        return tuple(
            CellSetting(name, self.known_effects.of(name), scale.line or NO_LINE, partial(_level, scale))
            for name, scale in self.scales.items()
        )

    @cached_property
    def reasoner(self) -> Reasoner:
        """Language model and head: read when first asked for, as that takes seconds and towers predict without.

        Raises
        ------
        ModelError
            The folder is not one that transformers can open.
        """
        from cistrace.checkpoints.reasoner import open_reasoner

        return open_reasoner(self.folder, self.interface, self.device)

    def open_reasoner(self) -> None:
        """Read the reasoner now, if it has not been: before threads that ask for it side by side."""
        assert self.reasoner is not None


def load_checkpoint(folder: Path | None = None, device: str | None = None) -> Checkpoint:
    """Read a checkpoint, the shipped one unless told otherwise; of a training run, RUN/model.

    Parameters
    ----------
    device : str, optional
        Where towers and reasoner compute: see `Predictor`.

    Raises
    ------
    InputError
        A device that cannot be used.
    ModelError
        A file is missing or does not have the content that checkpoint.json names.
    """
    folder = model_folder(folder)
    config = read_config(folder)
    _check_files(folder, config.files)
    place = usable_device(device or "cpu")
    with_towers = config.interface.evidence == "towers"
    return Checkpoint(
        folder,
        device,
        file_hash(folder / CONFIG),
        config.cell_types,
        config.window,
        config.scales,
        config.interface,
        config.faults,
        _load_towers(folder, config, place) if with_towers else None,
        read_known_effects(folder / KNOWN_EFFECTS) if with_towers else None,
    )


def _load_towers(folder: Path, config: CheckpointConfig, place: torch.device) -> Towers:
    if place.type == "cuda":
        import torch

        # By default convolutions round to ten bits there: activities would differ from a CPU's in their third digit.
        torch.backends.cudnn.allow_tf32 = False
    estimator, contributor = (load_tower(folder / name).to(place) for name in TOWER_FILES)
    return Towers(estimator, contributor, load_domain(folder / DOMAIN_FILE) if DOMAIN_FILE in config.files else None)


def _check_files(folder: Path, files: dict[str, str]) -> None:
    found = file_hashes(folder)
    for name, expected in files.items():
        if name not in found:
            raise ModelError(f"{folder / name}: no such file; restore the checkpoint")
        if found[name] != expected:
            raise ModelError(
                f"{folder / name}: found SHA-256 {found[name][:12]}, expected {expected[:12]}; the file is torn or "
                "altered: restore the checkpoint"
            )


def _level(scale: CellScale, activity: float) -> int:
    """The level that a row of this activity is reported with."""
    calibration = scale.calibrations.get("towers")
    return level_of(activity, scale.cuts) if calibration is None else foresee(activity, calibration, scale).level
