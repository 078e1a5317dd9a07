"""Fit one tower: augmentation, loss, schedule, and a state after every epoch to go on from."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from cistrace.engines.cores import use_threads
from cistrace.mpra import metrics
from cistrace.mpra.table import MpraTable
from cistrace.towers.course import Course
from cistrace.towers.encoding import base_codes, one_hot, reverse_complement
from cistrace.towers.files import AnyTower
from cistrace.towers.optimizers import MuonAdamW, Rates, warm_cosine
from cistrace.towers.precision import fast_autocast, usable_here
from cistrace.towers.recipe import TowerFitRecipe
from cistrace.towers.tower import Tower

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class FittedTower:
    """A tower, and what it reached: mean loss of the last epoch, val Pearson per cell type."""

    tower: AnyTower
    loss: float
    val: list[float]


def augment(codes: Tensor, recipe: TowerFitRecipe, random: torch.Generator) -> Tensor:
    """One-hot of a batch (N, L), each row shifted, some shortened, half turned to the other strand."""
    rows, length = codes.shape
    shift = torch.randint(-recipe.largest_shift, recipe.largest_shift + 1, (rows, 1), generator=random)
    position = torch.arange(length)[None, :] + shift
    shifted = torch.where(
        (position >= 0) & (position < length), codes.gather(1, position.clamp(0, length - 1)), torch.tensor(4)
    )
    # Short inputs reach the tower centred between blanks: let it see some.
    margin = torch.randint(0, length // 3, (rows, 1), generator=random)
    short = torch.rand((rows, 1), generator=random) < recipe.shortened
    edge = (torch.arange(length)[None, :] < margin) | (torch.arange(length)[None, :] >= length - margin)
    x = one_hot(torch.where(short & edge, torch.tensor(4), shifted))
    turned = torch.rand((rows, 1, 1), generator=random) < 0.5
    return torch.where(turned, reverse_complement(x), x)


@torch.inference_mode()
def predict(
    tower: Tower, codes: NDArray[np.int64], batch_size: int = 512, both_strands: bool = True
) -> NDArray[np.float32]:
    """Activities (N, cell types) for codes (N, window); the mean of both strands unless told otherwise."""
    tower.eval()
    device = tower.location.device
    parts = [np.zeros((0, len(tower.cell_types)), dtype=np.float32)]
    for start in range(0, len(codes), batch_size):
        x = one_hot(codes[start : start + batch_size]).to(device)
        with fast_autocast(device):
            y = tower(x)
            if both_strands:
                y = (y + tower(reverse_complement(x))) / 2
        parts.append(y.float().cpu().numpy())
    return np.concatenate(parts)


def pearson(predicted: NDArray[np.float32], measured: NDArray[np.float64]) -> list[float]:
    """Pearson correlation per column of (N, cell types), over rows where the measurement is finite."""
    result = []
    for column in range(measured.shape[1]):
        seen = np.isfinite(measured[:, column])
        result.append(metrics.pearson(predicted[seen, column], measured[seen, column]))
    return result


def fit_tower(
    tower: AnyTower, name: str, rows: NDArray[np.int64], table: MpraTable, val: MpraTable,
    recipe: TowerFitRecipe, state: Path, seed: int, report: Callable[[str], None] = log.info,
    threads: Callable[[], int] | None = None,
) -> FittedTower:  # fmt: skip
    """Fit a new tower on some rows of a table; the last weights are kept, val is only watched.

    Parameters
    ----------
    rows : ndarray, int64, shape (N,)
        Places in `table`.
    state : Path
        Where the state after every epoch is kept; found there, the fit goes on from it, to the same weights.
    seed : int
        Of order, augmentation and dropout.
    threads : callable, optional
        Asked now and then for how many threads to compute with; without it they are left as they are.
    """
    device = usable_here()
    codes = torch.as_tensor(base_codes(list(table.sequences), tower.window))
    location, scale = np.nanmean(table.activity[rows], axis=0), np.nanstd(table.activity[rows], axis=0)
    target = torch.as_tensor((table.activity - location) / scale, dtype=torch.float32)
    tower.location.copy_(torch.as_tensor(location))
    tower.scale.copy_(torch.as_tensor(scale))
    tower.to(device)
    size = min(recipe.batch_size, len(rows))
    steps = len(rows) // size
    rates = Rates(recipe.matrix_learning_rate, recipe.learning_rate, recipe.weight_decay)
    optimizer, whole = MuonAdamW(tower, tower.edges(), rates), recipe.epochs * steps
    schedule = LambdaLR(optimizer, lambda step: warm_cosine(step, whole, recipe.warm))
    course = Course(tower, optimizer, schedule, torch.Generator().manual_seed(seed), state, steps)
    torch.manual_seed(seed)
    first, loss, r = course.resumed().epoch, float("nan"), [float("nan")] * val.activity.shape[1]
    val_codes = base_codes(list(val.sequences), tower.window)
    for epoch in range(first, recipe.epochs):
        began, total = time.monotonic(), 0.0
        order = torch.as_tensor(rows)[torch.randperm(len(rows), generator=course.random)]
        tower.train()
        for number, batch in enumerate(order[: steps * size].split(size)):
            if threads is not None and number % 50 == 0:
                use_threads(threads())
            x = augment(codes[batch], recipe, course.random).to(device)
            with fast_autocast(device):
                output = tower.standardised(x)
            truth = target[batch].to(device)
            seen = truth.isfinite()
            fault = (output.float() - truth)[seen].square().mean()
            fault.backward()
            torch.nn.utils.clip_grad_norm_(tower.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            total += fault.item()
        loss, r = total / steps, pearson(predict(tower, val_codes), val.activity)
        figures = " ".join(f"{cell} {value:.4f}" for cell, value in zip(table.cell_types, r))
        spent = time.monotonic() - began
        left = spent * (recipe.epochs - epoch - 1)
        report(
            f"{name} epoch {epoch + 1}/{recipe.epochs} loss {loss:.4f} val {figures} {spent:.0f} s, {left:.0f} s left"
        )
        course.keep(epoch + 1)
    if first == recipe.epochs:
        r = pearson(predict(tower, val_codes), val.activity)
    return FittedTower(tower.to("cpu"), loss, r)  # type: ignore[arg-type]
