"""Train the cross-fitted k-mer models, one a fold, on the same folds as the towers.

    python -m cistrace.training.kmers --data DIR -o RUN [--folds 3]
"""

from __future__ import annotations

import argparse
import json
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from cistrace.model.kmers import KmerConfig, KmerModel, save_kmers
from cistrace.model.tower import base_codes
from cistrace.mpra import MpraTable, chromosome_folds, read_joint
from cistrace.training.tower import pearson, rows_outside

log = logging.getLogger(__name__)
# A word seen in hardly any element must not become a large number on the one that has it.
SMALLEST_SPREAD = 0.01


@dataclass(frozen=True)
class KmerRecipe:
    """Every number that shapes a k-mer model's training."""

    folds: int = 3
    epochs: int = 8
    batch_size: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    seed: int = 0


def codes_of(table: MpraTable, window: int) -> torch.Tensor:
    return torch.as_tensor(base_codes(list(table.sequences), window))


def train_fold(fold: int, table: MpraTable, folds: np.ndarray, val: MpraTable, recipe: KmerRecipe) -> KmerModel:
    """Fit one model on the rows outside `fold`; the last weights are kept, val is only watched."""
    torch.manual_seed(recipe.seed * 100 + fold)
    rows = rows_outside(fold, table, folds)
    part = table.take(rows)
    model = KmerModel(KmerConfig(cell_types=table.cell_types))
    roots, val_roots = model.roots(codes_of(part, 200)), model.roots(codes_of(val, 200))
    location, scale = np.nanmean(part.activity, axis=0), np.nanstd(part.activity, axis=0)
    target = torch.as_tensor((part.activity - location) / scale, dtype=torch.float32)
    for buffer, value in (
        (model.mean, roots.mean(dim=0)),
        (model.spread, roots.std(dim=0) + SMALLEST_SPREAD),
        (model.location, torch.as_tensor(location)),
        (model.scale, torch.as_tensor(scale)),
    ):
        buffer.copy_(value)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )
    steps = len(rows) // recipe.batch_size
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=recipe.epochs * steps
    )
    for _ in range(recipe.epochs):
        model.train()
        for batch in torch.randperm(len(rows))[: steps * recipe.batch_size].split(recipe.batch_size):
            with torch.autocast("cpu", torch.bfloat16):
                output = model.standardised(roots[batch])
            seen = target[batch].isfinite()
            loss = (output.float() - target[batch])[seen].square().mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()
    with torch.inference_mode():
        r = pearson(model.standardised(val_roots).numpy(), val.activity)
    log.info("fold %d val %s", fold, " ".join(f"{cell} {value:.4f}" for cell, value in zip(table.cell_types, r)))
    return model


def train(data: Path | None, out: Path, recipe: KmerRecipe) -> None:
    """Train every fold; write kmers-fold<k>.safetensors."""
    out.mkdir(parents=True, exist_ok=True)
    joint = read_joint(data)
    table, val = joint.split("train"), joint.split("val")
    folds = chromosome_folds(table, recipe.folds)
    for fold in range(recipe.folds):
        model = train_fold(fold, table, folds, val, recipe)
        held_out = sorted({c for c, f in zip(table.chromosomes, folds) if f == fold})
        save_kmers(model, out / f"kmers-fold{fold}.safetensors", {"fold": str(fold), "held_out": json.dumps(held_out)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=KmerRecipe.folds)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    train(arguments.data, arguments.out, KmerRecipe(folds=arguments.folds))


if __name__ == "__main__":
    main()
