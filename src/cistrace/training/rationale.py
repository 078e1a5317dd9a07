"""Stage I: teach a causal language model to write traces, loss on the completion alone.

The language model computes its own loss; rows reach it as tokens with labels, so that no chat template of an
assistant's words is involved (see `writers.layout`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from peft import get_peft_model
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainingArguments

from cistrace.towers.optimizers import MuonAdamW, Rates
from cistrace.training.arms import texts_to_write
from cistrace.training.examples import Example, first_rows
from cistrace.training.recipe import RationaleRecipe, Recipe
from cistrace.training.rows import Collator, rows_of, writing_batch
from cistrace.training.run import Run
from cistrace.training.trainer import (
    Course,
    fit,
    last_of,
    leave,
    lora_config,
    recompute_activations,
    stage_arguments,
    trainer_for,
)
from cistrace.writers.layout import Layout

STAGE = "rationale"
VAL_TEXTS = 128  # of val, for the writing loss beside the training's


def train_rationale(
    recipe: Recipe, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, layout: Layout,
    examples: Sequence[Example], pieces: Sequence[Example], val: Sequence[Example], run: Run,
) -> dict[str, Any]:  # fmt: skip
    """Fit on the teacher's traces and write RUN/rationale; goes on from the last whole checkpoint.

    Returns
    -------
    dict
        Figures of the stage.
    """
    stage, together = recipe.rationale, layout.shares_prompts
    texts = texts_to_write([*first_rows(examples, stage.rows), *first_rows(pieces, stage.pieces)])
    course = Course.of(rows_of(layout, texts, stage.cutoff, together), stage)
    val_texts = texts_to_write(val)[:VAL_TEXTS]
    val_rows = rows_of(layout, val_texts, stage.cutoff, together) if val_texts else None
    if recipe.model.gradient_checkpointing:
        recompute_activations(model)
    torch.manual_seed(stage.seed)
    trained: nn.Module = model if stage.method == "full" else get_peft_model(model, lora_config(stage.lora))
    arguments = TrainingArguments(
        **stage_arguments(recipe, stage, run, STAGE, course.updates),
        save_steps=stage.save_steps,
        eval_strategy="steps" if val_rows else "no",
        eval_steps=stage.save_steps,
        per_device_eval_batch_size=stage.batch_size,
    )
    muon = (lambda model: _muon(model, stage)) if stage.optimizer == "muon" else None
    trainer = trainer_for(
        trained, arguments, course, val_rows, Collator(writing_batch, layout.pad), STAGE, muon, tokenizer
    )
    loss = fit(trainer, run, STAGE, len(course.rows))
    trainer.save_model(str(run.rationale))
    if trainer.is_world_process_zero():
        (run.rationale / "training_args.bin").unlink(missing_ok=True)  # a pickle; run.json and config.yaml say more
    leave(trainer, run, STAGE)
    return {
        "loss": loss,
        "val_loss": last_of("eval_loss", trainer),
        "steps": trainer.state.global_step,
        **course.figures(),
    }


def _muon(model: nn.Module, stage: RationaleRecipe) -> torch.optim.Optimizer:
    """Muon for the layers' matrices, AdamW for the rest."""
    assert isinstance(model, PreTrainedModel)
    output = model.get_output_embeddings()
    edges = [model.get_input_embeddings().weight, *([] if output is None else [output.weight])]
    return MuonAdamW(model, edges, Rates(stage.matrix_learning_rate, stage.learning_rate, stage.weight_decay))
