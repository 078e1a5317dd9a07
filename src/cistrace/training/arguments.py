"""What both trainers are told, from a recipe."""

from __future__ import annotations

import math
import os
from typing import Any

import torch
from peft import LoraConfig

from cistrace.training.recipe import LoraRecipe, RationaleRecipe, Recipe, RegressionRecipe
from cistrace.training.run import Run

LINES = 100  # log lines a training, about


def use_bf16(precision: str) -> bool:
    """Whether to compute in bf16."""
    if precision != "auto":
        return precision == "bf16"
    return not torch.cuda.is_available() or torch.cuda.is_bf16_supported()


def shared_arguments(
    recipe: Recipe, stage: RationaleRecipe | RegressionRecipe, run: Run, name: str, steps: int
) -> dict[str, Any]:
    """Keywords of `TrainingArguments` that both stages set alike. `steps` is an estimate, for how often to log."""
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(run.tensorboard(name))
    reports = {"tensorboard": ["tensorboard"], "wandb": ["wandb"], "both": ["tensorboard", "wandb"]}[recipe.report]
    return {
        "output_dir": str(run.checkpoints(name)),
        "per_device_train_batch_size": stage.batch_size,
        "gradient_accumulation_steps": stage.accumulate,
        "num_train_epochs": stage.epochs,
        "max_steps": stage.most_steps,
        "learning_rate": stage.learning_rate,
        "weight_decay": stage.weight_decay,
        "lr_scheduler_type": "cosine_with_min_lr",
        "lr_scheduler_kwargs": {"min_lr_rate": 0.02},
        "warmup_steps": stage.warm if stage.warm < 1 else steps,
        "max_grad_norm": stage.largest_gradient,
        "bf16": use_bf16(recipe.model.precision),
        "use_cpu": not torch.cuda.is_available(),
        "gradient_checkpointing": recipe.model.gradient_checkpointing,
        "gradient_checkpointing_kwargs": {"use_reentrant": False} if recipe.model.gradient_checkpointing else None,
        "save_strategy": "steps",
        "logging_strategy": "steps",
        "logging_steps": max(1, min(25, steps // LINES)),
        "logging_first_step": True,
        "disable_tqdm": True,
        "report_to": reports,
        "remove_unused_columns": False,
        "dataloader_pin_memory": torch.cuda.is_available(),
        "seed": stage.seed,
        "data_seed": stage.seed,
    }


def estimated_steps(rows: int, stage: RationaleRecipe | RegressionRecipe, world: int) -> int:
    """Weight updates of a training."""
    batch = stage.batch_size * world
    updates = math.ceil(math.ceil(rows / batch) / stage.accumulate)
    return stage.most_steps if stage.most_steps > 0 else max(1, round(updates * stage.epochs))


def lora_config(lora: LoraRecipe) -> LoraConfig:
    """Adapters on every linear map of the layers."""
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
