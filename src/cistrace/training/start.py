"""The finished model that an adapted one starts from, and what may not be adapted: told before long work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cistrace.checkpoints.schema import (
    TOWER_FILES,
    VOCABULARY,
    CheckpointConfig,
    checkpoint_hash,
    model_folder,
    read_config,
)
from cistrace.checkpoints.seen import seen_by
from cistrace.checkpoints.soundness import ADAPTED
from cistrace.errors import DataError, RunError
from cistrace.io.streams import shown
from cistrace.reasonbench.dataset import DataSet
from cistrace.towers.adapt import AdaptableTower
from cistrace.towers.cross_fit import LEGNET, WHOLE
from cistrace.towers.files import load_tower
from cistrace.towers.recipe import AdaptRecipe
from cistrace.training.recipe import Recipe
from cistrace.writers.arms import LEDGER
from cistrace.writers.layout import DOMAIN

SHIPPED = "shipped"


@dataclass(frozen=True, eq=False)
class Start:
    """A checkpoint to start from."""

    folder: Path
    config: CheckpointConfig

    def tower(self, name: str) -> Path:
        """The file of the tower that stands in the place of a run's `legnet` or `whole`."""
        return self.folder / dict(zip((LEGNET, WHOLE), TOWER_FILES, strict=True))[name]

    def open_tower(self, name: str) -> AdaptableTower:
        """The tower itself.

        Raises
        ------
        ModelError
            Its file cannot be read.
        RunError
            It is of a kind that nothing is adapted from.
        """
        found = load_tower(self.tower(name))
        if not isinstance(found, AdaptableTower):
            raise RunError(
                f"{shown(self.tower(name))}: a {type(found).__name__}; expected a LegNet or a light tower; name "
                "another adapt.start"
            )
        return found

    @property
    def vocabulary(self) -> Path:
        return self.folder / VOCABULARY

    @property
    def hash(self) -> str:
        """SHA-256 of all that the checkpoint holds."""
        return checkpoint_hash(self.folder)


def start_of(recipe: AdaptRecipe) -> Start:
    """What a recipe names.

    Raises
    ------
    ModelError
        There is no readable checkpoint.
    RunError
        It has no towers whose ledgers its writer tells.
    """
    named = recipe.start
    assert named is not None
    folder = model_folder(None if named == SHIPPED else Path(named))
    config = read_config(folder)
    interface = config.interface
    if (interface.layout, interface.evidence, interface.arm) != (DOMAIN, "towers", LEDGER):
        raise RunError(
            f"adapt.start {shown(folder)}: a model of layout {interface.layout}, evidence {interface.evidence} and arm "
            f"{interface.arm}; expected domain, towers and {LEDGER}; name `shipped` or a model of the recipe compact"
        )
    return Start(folder, config)


def window_of(recipe: Recipe, data: DataSet) -> int:
    """bp that a run's model reads at once: the start's, where it is adapted, else those of the longest sequence."""
    return start_of(recipe.adapt).config.window if recipe.adapt.wanted else data.window


def check_start(recipe: AdaptRecipe, data: DataSet) -> None:
    """Refuse, before long work, what cannot be adapted; nothing where a recipe adapts nothing.

    Raises
    ------
    ModelError
        The start cannot be read.
    RunError
        It is none that can be adapted.
    DataError
        Too few rows, sequences longer than the start reads, or rows of val or test that its towers were fitted on.
    """
    if not recipe.wanted:
        return
    start = start_of(recipe)
    _check_lengths(start, data)
    _check_counts(data)
    _check_unseen(start, data)
    for name in (LEGNET, WHOLE):
        start.open_tower(name)


def _check_lengths(start: Start, data: DataSet) -> None:
    window = start.config.window
    longer = [row for row, bases in enumerate(data.table.sequences) if len(bases) > window]
    if longer:
        first = longer[0]
        raise DataError(
            f"{shown(data.folder)}: {len(longer):,} of its {len(data.table):,} sequences are longer than the {window} "
            f"bp that the start reads, first {data.table.names[first]!r} with {len(data.table.sequences[first])}; "
            "expected none; build it from sequences cut to that length, or train with --recipe compact"
        )


def _check_counts(data: DataSet) -> None:
    for split, fewest in (("train", ADAPTED.training), ("val", ADAPTED.val)):
        counts = np.isfinite(data.table.activity[data.places(split)]).sum(axis=0).tolist()
        for name, count in zip(data.cell_types, counts, strict=True):
            if count < fewest:
                raise DataError(
                    f"{shown(data.folder)}: {name} has {count:,} measured {split} rows; expected {fewest} or more to "
                    "adapt a model; add measurements, or build it with other splits"
                )


def _check_unseen(start: Start, data: DataSet) -> None:
    held = [row for split in ("val", "test") for row in data.places(split).tolist()]
    seen = seen_by(start.folder, [data.table.sequences[row] for row in held])
    if seen is not None and seen.any():
        first = data.table.names[held[int(np.flatnonzero(seen)[0])]]
        raise DataError(
            f"{shown(data.folder)}: {int(seen.sum()):,} of its {len(held):,} val and test sequences are elements that "
            f"the start was fitted on, first {first!r}; expected none, as what it says of them is no prediction; "
            "build it with these in train (a column split), or without them"
        )
