"""How both stages use transformers' `Trainer`: as it is, told by its public arguments.

Models compute their own loss. The order of rows is a data set that is read from front to end (`order.course`), so that
no sampler of the library's is replaced; the one method that is overridden, `create_optimizer`, is made for that.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peft import LoraConfig
from torch import nn
from torch.utils.data import Subset
from transformers import (
    EvalPrediction,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    TrainerCallback,
    TrainingArguments,
)
from transformers import Trainer as LibraryTrainer

from cistrace.towers.precision import usable_here, use_bf16
from cistrace.training.checkpoints import last_whole
from cistrace.training.order import course, epoch_batches, padding_share
from cistrace.training.processes import processes
from cistrace.training.recipe import LoraRecipe, RationaleRecipe, Recipe, RegressionRecipe
from cistrace.training.rows import Collator, TokenRows
from cistrace.training.run import Run
from cistrace.training.watch import Lines, describe, draw_curve, write_history

LOG_LINES = 100  # a training, about

StageRecipe = RationaleRecipe | RegressionRecipe


class Trainer(LibraryTrainer):
    """The library's trainer; `optimizer_for` makes the optimizer once the model is where it will be trained."""

    optimizer: torch.optim.Optimizer | None
    optimizer_for: Callable[[nn.Module], torch.optim.Optimizer] | None = None

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """Override of a public method, as its documentation asks for where parameters have rates of their own."""
        if self.optimizer is None and self.optimizer_for is not None:
            trained = model or self.model
            assert trained is not None
            self.optimizer = self.optimizer_for(trained)
        return super().create_optimizer(model)


@dataclass(frozen=True, eq=False)
class Course:
    """The rows of a stage in the order in which they are read.

    Attributes
    ----------
    order : ndarray, int64, shape (updates * accumulate * batch,)
        Places of rows; `batch` is what all processes read at a time.
    """

    rows: TokenRows
    order: NDArray[np.int64]
    batch: int
    updates: int

    @staticmethod
    def of(rows: TokenRows, stage: StageRecipe, balanced: bool = False) -> Course:
        """As many weight updates as the recipe's epochs make, or its `most_steps` where those are fewer."""
        batch = stage.batch_size * processes()
        updates = max(1, math.ceil(epoch_batches(len(rows), batch) * stage.epochs / stage.accumulate))
        if stage.most_steps > 0:
            updates = min(updates, stage.most_steps)
        levels = rows.levels if balanced else None
        return Course(rows, course(rows.lengths, batch, updates * stage.accumulate, stage.seed, levels), batch, updates)

    @property
    def data_set(self) -> Subset[Any]:
        return Subset(self.rows, self.order)  # type: ignore[arg-type]

    def figures(self) -> dict[str, Any]:
        """What the run's metrics tell of it."""
        return {
            "rows": len(self.rows),
            "tokens": len(self.rows.ids),
            "padding": padding_share(self.rows.lengths, self.order, self.batch),
            "shortened": self.rows.shortened,
            "left_out": self.rows.left_out,
        }


def stage_arguments(recipe: Recipe, stage: StageRecipe, run: Run, name: str, updates: int) -> dict[str, Any]:
    """Keywords of `TrainingArguments` that both stages set alike."""
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(run.tensorboard(name))
    reports = {"tensorboard": ["tensorboard"], "wandb": ["wandb"], "both": ["tensorboard", "wandb"]}[recipe.report]
    return {
        "output_dir": str(run.checkpoints(name)),
        "per_device_train_batch_size": stage.batch_size,
        "gradient_accumulation_steps": stage.accumulate,
        "max_steps": updates,
        "train_sampling_strategy": "sequential",
        "learning_rate": stage.learning_rate,
        "weight_decay": stage.weight_decay,
        "lr_scheduler_type": "cosine_with_min_lr",
        "lr_scheduler_kwargs": {"min_lr_rate": 0.02},
        "warmup_steps": stage.warm if stage.warm < 1 else updates,
        "max_grad_norm": stage.largest_gradient,
        "bf16": use_bf16(recipe.model.precision, usable_here()),
        "use_cpu": not torch.cuda.is_available(),
        "save_strategy": "steps",
        "save_total_limit": 2,
        "logging_strategy": "steps",
        "logging_steps": max(1, min(25, updates // LOG_LINES)),
        "logging_first_step": True,
        "disable_tqdm": True,
        "report_to": reports,
        "remove_unused_columns": False,
        "dataloader_pin_memory": torch.cuda.is_available(),
        "seed": stage.seed,
        "data_seed": stage.seed,
    }


def trainer_for(
    model: nn.Module, arguments: TrainingArguments, course: Course, val: TokenRows | None, collator: Collator,
    name: str, optimizer_for: Callable[[nn.Module], torch.optim.Optimizer] | None = None,
    tokenizer: PreTrainedTokenizerBase | None = None,
    metrics: Callable[[EvalPrediction], dict[str, float]] | None = None, callbacks: Sequence[TrainerCallback] = (),
) -> Trainer:  # fmt: skip
    """A trainer of one stage, ready to be fitted."""
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=course.data_set,
        eval_dataset=val,  # type: ignore[arg-type]
        processing_class=tokenizer,
        data_collator=collator,
        compute_metrics=metrics,
        callbacks=[Lines(name), *callbacks],
    )
    trainer.optimizer_for = optimizer_for
    trainer.remove_callback(PrinterCallback)  # prints on stdout
    return trainer


def fit(trainer: Trainer, run: Run, name: str, rows: int) -> float:
    """Train to the end, from the last whole checkpoint where there is one; returns the mean training loss."""
    main = trainer.is_world_process_zero()
    if main:
        assert isinstance(trainer.model, nn.Module)
        describe(trainer.model, trainer.args, name, rows)
    last = last_whole(run.checkpoints(name), main)
    loss = trainer.train(resume_from_checkpoint=str(last) if last else None).training_loss
    trainer.accelerator.wait_for_everyone()
    return loss


def leave(trainer: Trainer, run: Run, name: str) -> None:
    """Write what was logged, and remove the checkpoints of a stage whose model is written."""
    if trainer.is_world_process_zero():
        write_history(trainer.state.log_history, run.history(name))
        draw_curve(trainer.state.log_history, run.curve(name))
        shutil.rmtree(run.checkpoints(name), ignore_errors=True)
    trainer.accelerator.wait_for_everyone()


def last_of(figure: str, trainer: Trainer) -> float | None:
    """The last value of a figure that was logged."""
    return next((entry[figure] for entry in reversed(trainer.state.log_history) if figure in entry), None)


def recompute_activations(model: PreTrainedModel) -> None:
    """Keep no activations of the layers: less memory for a third more time."""
    # transformers renamed the method within its release 5.
    enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
    enable({"use_reentrant": False})
    model.enable_input_require_grads()


def lora_config(lora: LoraRecipe) -> LoraConfig:
    """Adapters on every linear map of the layers."""
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
