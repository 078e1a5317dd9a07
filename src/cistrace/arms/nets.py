"""Sequence CNNs as arms: the light tower, LegNet, and a CNN in the manner of DREAM-CNN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from cistrace.arms.plan import Plan
from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.predicted import Predicted
from cistrace.evaluation.specialists import fitted_net
from cistrace.towers.dream import DreamConfig, DreamTower
from cistrace.towers.files import AnyTower
from cistrace.towers.legnet import LegNet, LegNetConfig
from cistrace.towers.recipe import LegNetFitRecipe, TowerFitRecipe
from cistrace.towers.residual import ResidualConfig, ResidualTower

NetKind = Literal["light", "legnet", "dream"]


@dataclass(frozen=True)
class Net:
    """A net fitted anew on the drawn elements, its last weights kept; a contender's `predict`."""

    kind: NetKind
    plan: Plan

    def __call__(self, comparison: Comparison, seed: int) -> Predicted:
        """Fit, or take up what is there, and predict."""
        window, cells = comparison.training.window, comparison.cell_types
        return fitted_net(
            comparison, f"{self.kind}.{seed}", lambda: self.untrained(cells, window, seed), self.recipe(), seed
        )

    def recipe(self) -> TowerFitRecipe:
        """How it is fitted: the kind's own settings, at the plan's passes and batch."""
        if self.kind == "light":
            return TowerFitRecipe(epochs=self.plan.passes, batch_size=self.plan.batch)
        return LegNetFitRecipe(epochs=self.plan.passes, batch_size=self.plan.batch)

    def untrained(self, cell_types: tuple[str, ...], window: int, seed: int) -> AnyTower:
        """A new net; the seed fixes its weights."""
        torch.manual_seed(seed)
        if self.kind == "light":
            return ResidualTower(ResidualConfig(cell_types, window=window))
        if self.kind == "legnet":
            return LegNet(LegNetConfig(cell_types, window=window))
        whole, narrow = DreamConfig(cell_types, window=window), self.plan.narrow
        channels = tuple(size // narrow for size in whole.channels)
        return DreamTower(DreamConfig(cell_types, window=window, first=whole.first // narrow, channels=channels))
