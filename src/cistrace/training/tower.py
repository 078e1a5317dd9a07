"""Train the towers: a light one a fold, which sees every training chromosome but the fold's own; on the whole
training split another light one, and LegNet.

    python -m cistrace.training.tower --data DIR -o RUN [--tower fold0 ... --tower whole --tower legnet] [--threads N]

Towers are independent: one process a tower and one thread a process is the fastest way on a few cores.

For a training row the evidence comes from the tower of its own fold, which never saw its chromosome.
New sequences get their activity from LegNet and their contributions from the light tower that saw all.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cistrace.evaluation import metrics
from cistrace.model.legnet import LegNet, LegNetConfig
from cistrace.model.one_hot import base_codes, one_hot, reverse_complement
from cistrace.model.residual import ResidualConfig, ResidualTower
from cistrace.model.tower import Tower
from cistrace.model.tower_file import save_tower
from cistrace.mpra import MpraTable, chromosome_folds, read_joint
from cistrace.training.optimizers import Optimizers, Rates
from cistrace.training.pool import pool, read_single

log = logging.getLogger(__name__)
FOLDS = 3
NAMES = (*(f"fold{fold}" for fold in range(FOLDS)), "whole", "legnet")


@dataclass(frozen=True)
class TowerRecipe:
    """Every number that shapes a tower's training. See `optimizers.Rates`. Shifts in bp."""

    epochs: int = 12
    batch_size: int = 64
    matrix_learning_rate: float = 0.04
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    warm: float = 0.15
    dropout: float = 0.1
    largest_shift: int = 4
    shortened: float = 0.03
    seed: int = 0


LEGNET = TowerRecipe(epochs=10, largest_shift=6)


def augment(codes: Tensor, recipe: TowerRecipe, random: torch.Generator) -> Tensor:
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
def predict(tower: Tower, codes: np.ndarray, batch_size: int = 512, both_strands: bool = True) -> np.ndarray:
    """Activities (N, cell types) for codes (N, window); the mean of both strands unless told otherwise."""
    tower.eval()
    parts = []
    for start in range(0, len(codes), batch_size):
        x = one_hot(codes[start : start + batch_size])
        with torch.autocast("cpu", torch.bfloat16):
            y = tower(x)
            if both_strands:
                y = (y + tower(reverse_complement(x))) / 2
        parts.append(y.float().numpy())
    return np.concatenate(parts)


def pearson(predicted: np.ndarray, measured: np.ndarray) -> list[float]:
    """Pearson correlation per column, over rows where the measurement is finite."""
    result = []
    for column in range(measured.shape[1]):
        seen = np.isfinite(measured[:, column])
        result.append(metrics.pearson(predicted[seen, column], measured[seen, column]))
    return result


def rows_outside(held_out: Collection[str], table: MpraTable) -> np.ndarray:
    """Positions of the rows that lie on none of the held-out chromosomes, and do not border on one."""
    return np.array(
        [row for row, chromosome in enumerate(table.chromosomes) if not set(held_out) & set(chromosome.split("-"))]
    )


def train_tower(
    tower: ResidualTower | LegNet, name: str, rows: np.ndarray, table: MpraTable, val: MpraTable, recipe: TowerRecipe
) -> None:
    """Fit a tower on some rows of a table; the last weights are kept, val is only watched."""
    random = torch.Generator().manual_seed(torch.initial_seed())
    codes = torch.as_tensor(base_codes(list(table.sequences), tower.window))
    location, scale = np.nanmean(table.activity[rows], axis=0), np.nanstd(table.activity[rows], axis=0)
    target = torch.as_tensor((table.activity - location) / scale, dtype=torch.float32)
    tower.location.copy_(torch.as_tensor(location))
    tower.scale.copy_(torch.as_tensor(scale))
    rates = Rates(recipe.matrix_learning_rate, recipe.learning_rate, recipe.weight_decay, recipe.warm)
    optimizers = Optimizers(tower, tower.edges(), rates, steps=recipe.epochs * (len(rows) // recipe.batch_size))
    val_codes = base_codes(list(val.sequences), tower.window)
    for epoch in range(recipe.epochs):
        began, total = time.monotonic(), 0.0
        order = torch.as_tensor(rows)[torch.randperm(len(rows), generator=random)]
        tower.train()
        batches = order[: len(order) // recipe.batch_size * recipe.batch_size].split(recipe.batch_size)
        for batch in batches:
            x = augment(codes[batch], recipe, random)
            with torch.autocast("cpu", torch.bfloat16):
                output = tower.standardised(x)
            seen = target[batch].isfinite()
            loss = (output.float() - target[batch])[seen].square().mean()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(tower.parameters(), 1.0)
            optimizers.step()
            total += loss.item()
        r = pearson(predict(tower, val_codes), val.activity)
        log.info(
            "%s epoch %d/%d loss %.4f val %s %.0f s",
            name, epoch + 1, recipe.epochs, total / len(batches),
            " ".join(f"{cell} {value:.4f}" for cell, value in zip(table.cell_types, r)),
            time.monotonic() - began,
        )  # fmt: skip


def new_tower(name: str, cell_types: tuple[str, ...], recipe: TowerRecipe) -> ResidualTower | LegNet:
    """An untrained tower of the kind that its name asks for; the recipe's seed and the name fix its weights."""
    torch.manual_seed(recipe.seed * 100 + NAMES.index(name))
    if name == "legnet":
        return LegNet(LegNetConfig(cell_types, dropout=recipe.dropout))
    return ResidualTower(ResidualConfig(cell_types, dropout=recipe.dropout))


def train(data: Path | None, out: Path, names: list[str]) -> None:
    """Train the named towers that RUN does not hold yet."""
    out.mkdir(parents=True, exist_ok=True)
    joint = read_joint(data)
    measured, val = joint.split("train"), joint.split("val")
    table = pool(measured, read_single(data))
    # Folds are those of the joint rows, for which the cards are made; other elements follow their chromosome.
    fold_of = dict(zip(measured.chromosomes, chromosome_folds(measured, FOLDS).tolist()))
    log.info("%d training elements, pooled", len(table))
    for name in names:
        path = out / f"tower-{name}.safetensors"
        if path.exists():
            log.info("%s is there, kept", path.name)
            continue
        held_out = sorted(c for c, fold in fold_of.items() if name == f"fold{fold}")
        log.info("%s holds out: %s", path.name, " ".join(held_out) or "nothing")
        recipe = LEGNET if name == "legnet" else TowerRecipe()
        tower = new_tower(name, table.cell_types, recipe)
        train_tower(tower, name, rows_outside(held_out, table), table, val, recipe)
        partial = path.with_suffix(".partial")
        save_tower(tower, partial, {"held_out": json.dumps(held_out)})
        partial.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--tower", action="append", choices=NAMES, help="which; all unless given")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(arguments.threads)
    train(arguments.data, arguments.out, arguments.tower or list(NAMES))


if __name__ == "__main__":
    main()
