"""Stage II: regress the activity from card and self-written trace, the writing kept alive where the recipe says so.

`activity.ActivityModel` computes scores and loss; here are its rows, its measure on val, and what it leaves.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peft import inject_adapter_in_model
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import (
    EarlyStoppingCallback,
    EvalPrediction,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    TrainingArguments,
)

from cistrace.mpra.metrics import pearson
from cistrace.training.activity import ActivityModel, LossWeights
from cistrace.training.arms import WITHOUT_TRACE, texts_to_learn, texts_to_score
from cistrace.training.examples import Example, first_rows
from cistrace.training.processes import processes
from cistrace.training.recipe import Recipe, RegressionRecipe
from cistrace.training.rows import Collator, ExampleText, TokenRows, collate, rows_of
from cistrace.training.run import Run
from cistrace.training.trainer import (
    Course,
    Trainer,
    fit,
    last_of,
    leave,
    lora_config,
    recompute_activations,
    stage_arguments,
    trainer_for,
)
from cistrace.training.watch import VAL_PEARSON
from cistrace.writers.layout import Layout

STAGE = "regression"
ADAPTER = "adapter_model.safetensors"
BASE = "../rationale"  # what stage II's adapter sits on
ORACLE_MARK = "ORACLE.txt"
ORACLE_TEXT = (
    "This model was trained on traces that were written with the measured level in view. Its figures are an upper "
    "bound that no prediction reaches, and no new sequence can be given to it.\n"
)


def train_regression(
    recipe: Recipe, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, layout: Layout,
    examples: Sequence[Example], traces: Sequence[str] | None, pieces: Sequence[Example], val: Sequence[Example],
    val_traces: Sequence[str] | None, run: Run,
) -> dict[str, Any]:  # fmt: skip
    """Fit head and language model and write RUN/regression; goes on from the last whole checkpoint.

    Parameters
    ----------
    model : PreTrainedModel
        Stage I's, merged.
    traces, val_traces : sequence of str, or None
        What stage I's model wrote, one an example; None in arms that read none.

    Returns
    -------
    dict
        Figures of the stage.
    """
    stage, together = recipe.regression, layout.shares_prompts
    chosen = first_rows(examples, stage.rows)
    read = None if traces is None else _of_chosen(examples, traces, chosen)
    texts, same = texts_to_learn(recipe, layout, chosen, read, first_rows(pieces, stage.pieces))
    course = Course.of(rows_of(layout, texts, stage.cutoff, together), stage, stage.balance_levels)
    val_texts = _shortest_first(texts_to_score(recipe, val, val_traces), together)
    val_rows = rows_of(layout, val_texts, stage.cutoff, together)
    activity = _with_head(recipe, model)
    trainer = trainer_for(
        activity,
        _arguments(recipe, run, course.updates),
        course,
        val_rows,
        Collator(collate, layout.pad),
        STAGE,
        lambda model: _optimizer(model, stage),
        metrics=_measure(val_rows, [val_texts[place].example for place in val_rows.places]),
        callbacks=[EarlyStoppingCallback(stage.patience)] if stage.patience else [],
    )
    loss = fit(trainer, run, STAGE, len(course.rows))
    reached = trainer.evaluate()
    figures = {
        "arm": stage.arm,
        "oracle": stage.arm == "oracle",
        "loss": loss,
        "val_pearson": {name.removeprefix("eval_"): value for name, value in reached.items() if "pearson" in name},
        "val_slope": {name.removeprefix("eval_"): value for name, value in reached.items() if "slope" in name},
        "val_scored_on": "the teacher's traces, written towards the label" if stage.arm == "oracle" else stage.arm,
        "best_step": trainer.state.best_global_step,
        "last_loss": last_of("loss", trainer),
        "steps": trainer.state.global_step,
        "steps_as_the_teacher": same,
        **course.figures(),
    }
    _write(trainer, run.regression, tokenizer, recipe)
    leave(trainer, run, STAGE)
    return figures


def _of_chosen(examples: Sequence[Example], traces: Sequence[str], chosen: Sequence[Example]) -> list[str]:
    trace_of = {(one.row, one.cell_type): trace for one, trace in zip(examples, traces, strict=True)}
    return [trace_of[one.row, one.cell_type] for one in chosen]


def _shortest_first(texts: list[ExampleText], together: bool) -> list[ExampleText]:
    """Texts that are only measured, in an order that needs little padding; those that share a row stay neighbours."""
    if not together:
        return sorted(texts, key=_letters)
    of_row: dict[int, int] = {}
    for text in texts:
        of_row[text.example.row] = of_row.get(text.example.row, 0) + _letters(text)
    return sorted(texts, key=lambda text: (of_row[text.example.row], text.example.row))


def _letters(text: ExampleText) -> int:
    return len(text.example.shared) + len(text.example.own) + len(text.reasoning or "")


def _with_head(recipe: Recipe, model: PreTrainedModel) -> ActivityModel:
    """The language model with adapters where asked, and a head."""
    stage = recipe.regression
    torch.manual_seed(stage.seed)
    if stage.method == "lora":
        model.requires_grad_(False)
        inject_adapter_in_model(lora_config(stage.lora), model)
        for name, weight in model.named_parameters():
            weight.requires_grad_("lora_" in name)
    if recipe.model.gradient_checkpointing:
        recompute_activations(model)
    without_trace = 0.0 if stage.arm in WITHOUT_TRACE else stage.without_trace
    weights = LossWeights(without_trace, stage.writing, processes(), stage.accumulate)
    return ActivityModel(model, stage.tower_inputs, weights)


def _arguments(recipe: Recipe, run: Run, updates: int) -> TrainingArguments:
    stage = recipe.regression
    best = stage.keep == "best"
    return TrainingArguments(
        **stage_arguments(recipe, stage, run, STAGE, updates),
        save_steps=stage.evaluate_steps,
        eval_strategy="steps",
        eval_steps=stage.evaluate_steps,
        per_device_eval_batch_size=stage.evaluate_batch_size,
        load_best_model_at_end=best,
        metric_for_best_model=VAL_PEARSON if best or stage.patience else None,
        greater_is_better=True if best or stage.patience else None,
        label_names=["targets"],
        ddp_find_unused_parameters=False,
    )


def _optimizer(model: nn.Module, stage: RegressionRecipe) -> torch.optim.Optimizer:
    """AdamW at two rates: the head's, and all else's."""
    weights = [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [weight for name, weight in weights if "language_model." in name], "lr": stage.learning_rate},
        {"params": [weight for name, weight in weights if "language_model." not in name],
         "lr": stage.head_learning_rate},
    ]  # fmt: skip
    return torch.optim.AdamW(groups, weight_decay=stage.weight_decay)


def _measure(rows: TokenRows, examples: Sequence[Example]) -> Callable[[EvalPrediction], dict[str, float]]:
    """Pearson and slope on val per cell type, and the mean Pearson; `examples` are the scored segments', in order."""
    cells = np.array([example.cell_type for example in examples])
    truth = np.array([example.target for example in examples])
    scored = np.diff(rows.scored_starts)  # of every row

    def measure(prediction: EvalPrediction) -> dict[str, float]:
        padded = np.asarray(prediction.predictions)
        scores: NDArray[np.float32] = padded[np.arange(padded.shape[1]) < scored[:, None]]
        each = {cell: pearson(scores[cells == cell], truth[cells == cell]) for cell in sorted(set(cells.tolist()))}
        slopes = {cell: slope_of(scores[cells == cell], truth[cells == cell]) for cell in each}
        return {
            VAL_PEARSON: float(np.mean(list(each.values()))),
            **{f"pearson_{cell}": value for cell, value in each.items()},
            **{f"slope_{cell}": value for cell, value in slopes.items()},
        }

    return measure


def slope_of(scores: NDArray[np.float32], truth: NDArray[np.float64]) -> float:
    """Least-squares slope of measured on predicted values, shape (N,) each; NaN where the predicted are all alike."""
    spread = float(np.var(scores))
    return float(np.cov(scores, truth, bias=True)[0, 1]) / spread if spread > 0 else float("nan")


def _write(trainer: Trainer, folder: Path, tokenizer: PreTrainedTokenizerBase, recipe: Recipe) -> None:
    """Write language model (or adapter), tokenizer and head; every process calls this."""
    state = trainer.accelerator.get_state_dict(trainer.model_wrapped)
    if not trainer.is_world_process_zero():
        return
    activity = trainer.accelerator.unwrap_model(trainer.model)
    assert isinstance(activity, ActivityModel)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    learnt = _below(state, "language_model.")
    if recipe.regression.method == "lora":
        # As PEFT's own folders have it.
        adapter = {f"base_model.model.{name.replace('.default', '')}": value for name, value in learnt.items()}
        save_file(adapter, folder / ADAPTER)
        config = lora_config(recipe.regression.lora)
        config.base_model_name_or_path, config.inference_mode = BASE, True
        config.save_pretrained(str(folder))
    else:
        activity.language_model.save_pretrained(folder, state_dict={**_frozen(activity.language_model), **learnt})
    tokenizer.save_pretrained(folder)
    head = {**_frozen(activity.head), **_below(state, "head.")}
    save_file({name: value.float() for name, value in head.items()}, folder / "head.safetensors")
    if recipe.regression.arm == "oracle":
        (folder / ORACLE_MARK).write_text(ORACLE_TEXT, encoding="utf-8")


def _below(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value.detach().contiguous()
        for name, value in state.items()
        if name.startswith(prefix)
    }


def _frozen(module: nn.Module) -> dict[str, Tensor]:
    return {name: weight.detach() for name, weight in module.named_parameters() if not weight.requires_grad}
