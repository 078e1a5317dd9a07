"""Small towers whose normalisations have seen data, so that evaluation mode is not trivial."""

from __future__ import annotations

import numpy as np
import torch

from cistrace.towers.dilated import DilatedConfig, DilatedTower
from cistrace.towers.domain import Domain
from cistrace.towers.encoding import one_hot
from cistrace.towers.legnet import LegNet, LegNetConfig
from cistrace.towers.residual import ResidualConfig, ResidualTower
from cistrace.towers.tower import Tower


def random_residual(seed: int = 0) -> ResidualTower:
    torch.manual_seed(seed)
    tower = ResidualTower(ResidualConfig(("A", "B"), window=60, channels=16, stages=2))
    _warm(tower)
    return tower


def random_legnet(seed: int = 0) -> LegNet:
    torch.manual_seed(seed)
    tower = LegNet(LegNetConfig(("A", "B"), window=60, stem_channels=8, channels=(12, 16), expansion=2, top=24))
    _warm(tower)
    return tower


def random_dilated(seed: int = 0) -> DilatedTower:
    torch.manual_seed(seed)
    tower = DilatedTower(DilatedConfig(("A", "B"), window=60, channels=16, dilations=(1, 2), heads=2))
    _warm(tower)
    return tower


def random_domain(features: int, seed: int = 0) -> Domain:
    random = np.random.default_rng(seed)
    whitening = random.normal(size=(features, 5)).astype(np.float32)
    quantiles = np.linspace(0.5, 4, 21, dtype=np.float32)
    mean, direction = random.normal(size=(2, features)).astype(np.float32)
    return Domain(mean, whitening, direction, quantiles, 3.0, 1.5)


def _warm(tower: Tower) -> None:
    tower.train()
    with torch.no_grad():
        for _ in range(20):
            tower(one_hot(torch.randint(0, 4, (32, 60))))
    tower.location.copy_(torch.tensor([0.5, -0.5]))
    tower.scale.copy_(torch.tensor([1.5, 0.7]))
    tower.eval()
