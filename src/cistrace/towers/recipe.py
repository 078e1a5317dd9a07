"""The numbers that shape the fitting of towers: one section of a training's recipe."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

Precision = Literal["auto", "bf16", "fp32"]
"""What a training's products are computed in; `auto`: bf16 on devices that have instructions for it, else float32."""


def bounded(default: Any, low: float, high: float = math.inf) -> Any:
    """A number with its default and bounds, both inclusive."""
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True)
class TowerFitRecipe:
    """How one kind of tower is fitted. Shifts in bp, other shares of one. See `optimizers.Rates`."""

    epochs: int = bounded(12, 1)
    batch_size: int = bounded(64, 2)
    matrix_learning_rate: float = bounded(0.04, 0)
    learning_rate: float = bounded(2e-3, 0)
    weight_decay: float = bounded(0.05, 0)
    warm: float = bounded(0.15, 0, 1)
    dropout: float = bounded(0.1, 0, 0.9)
    largest_shift: int = bounded(4, 0)
    shortened: float = bounded(0.03, 0, 1)


@dataclass(frozen=True)
class TowerRecipe:
    """The sequence CNNs that give evidence: a light one a fold, a light one and LegNet on the whole training split.

    Attributes
    ----------
    folds : int
        Cross-fitting folds over chromosomes.
    further : str or None
        Table of further measurements of the same assay, one row a sequence and cell type (columns sequence, cell_type,
        activity or log2_rna_dna, chrom, split), for the towers alone; brought to the data set's scale.
    """

    folds: int = bounded(3, 2, 10)
    further: str | None = None
    light: TowerFitRecipe = field(default_factory=TowerFitRecipe)
    legnet: TowerFitRecipe = field(default_factory=lambda: TowerFitRecipe(epochs=10, largest_shift=6))
    seed: int = 0
