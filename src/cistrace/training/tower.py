"""Train the towers: one a fold, which sees every training chromosome but the fold's own, and one that sees all.

    python -m cistrace.training.tower --data DIR -o RUN [--folds 3] [--fold K ...] [--whole] [--threads N]

Towers are independent: one process a tower and one thread a process is the fastest way on a few cores.

For a training row the evidence comes from the tower of its own fold, which never saw its chromosome.
New sequences get theirs from all of them.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cistrace.evaluation import metrics
from cistrace.model.tower import Tower, TowerConfig, base_codes, one_hot, reverse_complement, save_tower
from cistrace.mpra import MpraTable, chromosome_folds, read_joint
from cistrace.training.optimizers import Optimizers, Rates
from cistrace.training.pool import pool, read_single

log = logging.getLogger(__name__)
WHOLE = -2  # in place of a fold: the tower that sees every chromosome (-1 marks rows of no fold)


@dataclass(frozen=True)
class TowerRecipe:
    """Every number that shapes a tower's training. See `optimizers.Rates`."""

    folds: int = 3
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


def rows_outside(fold: int, table: MpraTable, folds: np.ndarray) -> np.ndarray:
    """Positions of the rows that a fold's tower may see: none that lies, or may lie, on its chromosomes."""
    if fold == WHOLE:
        return np.arange(len(table))
    held_out = {chromosome for chromosome, f in zip(table.chromosomes, folds) if f == fold}
    return np.array(
        [row for row, chromosome in enumerate(table.chromosomes) if held_out.isdisjoint(chromosome.split("-"))]
    )


def train_fold(fold: int, table: MpraTable, folds: np.ndarray, val: MpraTable, recipe: TowerRecipe) -> Tower:
    """Fit one tower on the rows outside `fold` (WHOLE: on all); the last weights are kept, val is only watched."""
    seed = recipe.seed * 100 + fold - WHOLE
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    rows = rows_outside(fold, table, folds)
    config = TowerConfig(cell_types=table.cell_types, dropout=recipe.dropout)
    codes = torch.as_tensor(base_codes(list(table.sequences), config.window))
    location, scale = np.nanmean(table.activity[rows], axis=0), np.nanstd(table.activity[rows], axis=0)
    target = torch.as_tensor((table.activity - location) / scale, dtype=torch.float32)
    tower = Tower(config)
    tower.location.copy_(torch.as_tensor(location))
    tower.scale.copy_(torch.as_tensor(scale))
    rates = Rates(recipe.matrix_learning_rate, recipe.learning_rate, recipe.weight_decay, recipe.warm)
    edges = [tower.stem[0].weight, tower.head[-1].weight]
    optimizers = Optimizers(tower, edges, rates, steps=recipe.epochs * (len(rows) // recipe.batch_size))
    val_codes = base_codes(list(val.sequences), config.window)
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
            file_name(fold), epoch + 1, recipe.epochs, total / len(batches),
            " ".join(f"{cell} {value:.4f}" for cell, value in zip(table.cell_types, r)),
            time.monotonic() - began,
        )  # fmt: skip
    return tower.eval()


def file_name(fold: int) -> str:
    return "tower-whole.safetensors" if fold == WHOLE else f"tower-fold{fold}.safetensors"


def train(data: Path | None, out: Path, recipe: TowerRecipe, only: list[int]) -> None:
    """Train the towers named by `only` (default: all) that RUN does not hold yet."""
    out.mkdir(parents=True, exist_ok=True)
    joint = read_joint(data)
    measured, val = joint.split("train"), joint.split("val")
    table = pool(measured, read_single(data))
    # Folds are those of the joint rows, for which the cards are made; other elements follow their chromosome.
    fold_of = dict(zip(measured.chromosomes, chromosome_folds(measured, recipe.folds).tolist()))
    folds = np.array([fold_of.get(chromosome, -1) for chromosome in table.chromosomes])
    log.info("%d training elements, pooled", len(table))
    for fold in only or [*range(recipe.folds), WHOLE]:
        path = out / file_name(fold)
        if path.exists():
            log.info("%s is there, kept", path.name)
            continue
        held_out = sorted({c for c, f in zip(table.chromosomes, folds) if f == fold}) if fold != WHOLE else []
        log.info("%s holds out: %s", path.name, " ".join(held_out) or "nothing")
        tower = train_fold(fold, table, folds, val, recipe)
        partial = path.with_suffix(".partial")
        save_tower(tower, partial, {"fold": str(fold), "held_out": json.dumps(held_out)})
        partial.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=TowerRecipe.folds)
    parser.add_argument("--fold", type=int, action="append", default=[])
    parser.add_argument("--whole", dest="fold", action="append_const", const=WHOLE, help="the tower that sees all")
    parser.add_argument("--epochs", type=int, default=TowerRecipe.epochs)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(arguments.threads)
    recipe = TowerRecipe(folds=arguments.folds, epochs=arguments.epochs)
    train(arguments.data, arguments.out, recipe, arguments.fold)


if __name__ == "__main__":
    main()
