"""Let a whole adapted tower learn on, in small steps, and keep the pass that is best on rows it does not learn from.

The head is fitted first, on layers that stay as they are (`towers.adapt`); then every layer learns at a small rate, so
that a head drawn at random cannot spoil what the layers know (Kumar et al., ICLR 2022). Normalisations keep the
statistics of the elements that the tower was first fitted on: those of a few hundred rows are noise.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from cistrace.engines.cores import use_threads
from cistrace.mpra.table import MpraTable
from cistrace.towers.course import Course
from cistrace.towers.encoding import base_codes
from cistrace.towers.files import AnyTower
from cistrace.towers.fit import augment, predict
from cistrace.towers.optimizers import MuonAdamW, Rates, warm_cosine
from cistrace.towers.precision import fast_autocast, usable_here
from cistrace.towers.recipe import AdaptRecipe
from cistrace.towers.tower import Tower

log = logging.getLogger(__name__)
_ERRORS = "errors"


@dataclass(frozen=True, eq=False)
class Tuned:
    """A tower that learnt on.

    Attributes
    ----------
    tower : AnyTower
        After `passes` passes; 0: as it was given.
    errors : tuple of float
        `error_of` on the rows that choose, as given and after each pass that was made; empty where nothing chose.
    """

    tower: AnyTower
    passes: int
    errors: tuple[float, ...]


def error_of(tower: Tower, table: MpraTable) -> float:
    """Mean squared error over the measured rows of a table, in variances of what the tower learns from, mean of its
    cell types."""
    found = predict(tower, base_codes(list(table.sequences), tower.window)).astype(np.float64)
    apart = (found - table.activity) / tower.scale.detach().cpu().numpy()
    return float(np.nanmean(np.square(apart), axis=0).mean())


def with_scale_of(tower: AnyTower, activity: NDArray[np.float64]) -> AnyTower:
    """The tower, saying the same, with the mean and spread of what it is to learn from as its scale.

    Parameters
    ----------
    activity : ndarray, float64, shape (N, cell types)
        NaN where nothing was measured.
    """
    last = tower.head[-1]
    assert isinstance(last, nn.Linear)
    location = torch.as_tensor(np.nanmean(activity, axis=0), dtype=torch.float32)
    scale = torch.as_tensor(np.nanstd(activity, axis=0), dtype=torch.float32)
    with torch.no_grad():
        last.weight.mul_((tower.scale / scale)[:, None])
        last.bias.copy_((last.bias * tower.scale + tower.location - location) / scale)
    tower.location.copy_(location)
    tower.scale.copy_(scale)
    return tower


def tune(
    tower: AnyTower, name: str, table: MpraTable, held: MpraTable | None, recipe: AdaptRecipe, state: Path, passes: int,
    report: Callable[[str], None] = log.info, threads: Callable[[], int] | None = None,
) -> Tuned:  # fmt: skip
    """Let a tower learn on from a table's rows.

    Parameters
    ----------
    tower : AnyTower
        With the table's scale (`with_scale_of`).
    held : MpraTable or None
        Rows that choose the pass to keep and when to stop. With None all passes are made and the last one is kept.
    state : Path
        Where the state after every pass is kept; found there, the fit goes on from it, to the same weights.
    passes : int
        At most so many; the rate falls as if the recipe's `epochs` were made.
    threads
        As `fit_tower` has it.
    """
    device = usable_here()
    tower.to(device)
    codes = torch.as_tensor(base_codes(list(table.sequences), tower.window))
    target = torch.as_tensor((table.activity - tower.location.cpu().numpy()) / tower.scale.cpu().numpy())
    size = min(recipe.batch_size, len(table))
    course = _course_of(tower, recipe, state, len(table) // size)
    kept = course.resumed()
    errors: list[float] = json.loads(kept.notes.get(_ERRORS, "[]")) or _judged(tower, held)
    best = kept.further or _weights(tower)
    for done in range(kept.epoch, passes):
        if _past_its_best(errors, recipe.patience):
            break
        if threads is not None:
            use_threads(threads())
        order = torch.randperm(len(table), generator=course.random)[: course.steps * size]
        loss = _pass(course, codes, target.float(), order.split(size), recipe)
        errors += _judged(tower, held)
        if not errors or errors[-1] == min(errors):
            best = _weights(tower)
        told = f", held rows {errors[-1]:.4f} (head alone {errors[0]:.4f})" if errors else ""
        report(f"{name} pass {done + 1}/{passes} loss {loss:.4f}{told}")
        course.keep(done + 1, best, {_ERRORS: json.dumps(errors)})
    tower.load_state_dict(best)
    return Tuned(tower.to("cpu").eval(), int(np.argmin(errors)) if errors else passes, tuple(errors))  # type: ignore[arg-type]


def _course_of(tower: Tower, recipe: AdaptRecipe, state: Path, steps: int) -> Course:
    rates = Rates(recipe.matrix_learning_rate, recipe.learning_rate, recipe.weight_decay)
    optimizer, whole = MuonAdamW(tower, tower.edges(), rates), recipe.epochs * steps
    schedule = LambdaLR(optimizer, lambda step: warm_cosine(step, whole, recipe.warm))
    torch.manual_seed(recipe.seed)
    return Course(tower, optimizer, schedule, torch.Generator().manual_seed(recipe.seed), state, steps)


def _pass(
    course: Course, codes: Tensor, target: Tensor, batches: Sequence[Tensor], recipe: AdaptRecipe
) -> float:  # fmt: skip
    """One pass over the rows; returns the mean loss."""
    tower, total = course.tower, 0.0
    device = tower.location.device
    tower.eval()
    for module in tower.modules():
        if isinstance(module, nn.Dropout):
            module.p = recipe.dropout
            module.train()
    for batch in batches:
        x, truth = augment(codes[batch], recipe, course.random).to(device), target[batch].to(device)
        seen = truth.isfinite()
        with fast_autocast(device):
            output = tower.standardised(x)
        fault = (output.float() - truth)[seen].square().mean()
        fault.backward()
        torch.nn.utils.clip_grad_norm_(tower.parameters(), 1.0)
        course.optimizer.step()
        course.schedule.step()
        course.optimizer.zero_grad()
        total += fault.item()
    return total / len(batches)


def _judged(tower: Tower, held: MpraTable | None) -> list[float]:
    return [] if held is None else [error_of(tower, held)]


def _past_its_best(errors: Sequence[float], patience: int) -> bool:
    return bool(errors) and len(errors) - 1 - int(np.argmin(errors)) >= patience


def _weights(tower: Tower) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in tower.state_dict().items()}
