"""Stage II: regress the activity from card and self-written trace, the writing kept alive where the recipe says so.

The head scores on the last token of what was read: the end of the reasoning, and, at a weight of its own, the end of
the prompt, so that one head serves with and without a trace. A batch's loss is

    sum over rows of the mean squared error of their segments / rows
    + without_trace x the same where prompts end + writing x cross-entropy over supervised tokens / their number

with rows and tokens counted over all processes, so that how a batch is dealt out does not matter.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate.utils import gather_object
from peft import inject_adapter_in_model
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import EarlyStoppingCallback, PreTrainedModel, PreTrainedTokenizerBase, Trainer, TrainingArguments

from cistrace.mpra.metrics import pearson
from cistrace.training.activity import ActivityModel
from cistrace.training.arguments import estimated_steps, lora_config, shared_arguments
from cistrace.training.arms import texts_to_learn, texts_to_score
from cistrace.training.checkpoints import key_of, last_whole
from cistrace.training.examples import Example
from cistrace.training.rationale import first_rows, last_of, plain
from cistrace.training.recipe import Recipe, RegressionRecipe
from cistrace.training.rows import PLACE, Collator, TokenRows, collate, places_of, rows_of
from cistrace.training.run import Run
from cistrace.training.sampler import LengthPooledSampler, padding_share
from cistrace.training.watch import VAL_PEARSON, Lines, describe, draw_curve, write_history
from cistrace.writers.layout import DOMAIN, Layout

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
    records: Sequence[Example], traces: Sequence[str] | None, pieces: Sequence[Example], val: Sequence[Example],
    val_traces: Sequence[str] | None, run: Run,
) -> dict[str, Any]:  # fmt: skip
    """Fit head and language model and write RUN/regression; goes on from the last whole checkpoint.

    Parameters
    ----------
    model : PreTrainedModel
        Stage I's, merged.
    traces, val_traces : sequence of str, or None
        What stage I's model wrote, one a record; None in arms that read none.

    Returns
    -------
    dict
        Figures of the stage.
    """
    stage, together = recipe.regression, recipe.model.layout == DOMAIN
    torch.manual_seed(stage.seed)
    chosen = first_rows(records, stage.rows)
    given = None if traces is None else _of_records(records, traces, chosen)
    texts, same = texts_to_learn(recipe, layout, chosen, given, first_rows(pieces, stage.pieces))
    made = rows_of(layout, texts, stage.cutoff, together)
    watched = rows_of(layout, texts_to_score(recipe, val, val_traces), stage.cutoff, together)
    activity = _prepared(recipe, model)
    trainer = _Trainer(
        model=activity,
        args=_arguments(recipe, run, len(made.rows)),
        train_dataset=places_of(made.rows),
        eval_dataset=places_of(watched.rows, len(made.rows)),
        data_collator=Collator([*made.rows, *watched.rows], layout.pad, scoring=True),
        callbacks=[Lines(STAGE), *([EarlyStoppingCallback(stage.patience)] if stage.patience else [])],
    )
    trainer.prepare(stage, watched, val)
    if trainer.is_world_process_zero():
        describe(activity, trainer.args, STAGE, len(made.rows))
    last = last_whole(run.checkpoints(STAGE), key_of(recipe, STAGE, len(made.rows)), trainer.is_world_process_zero())
    output = trainer.train(resume_from_checkpoint=str(last) if last else None)
    reached = trainer.evaluate()
    lengths = [len(row.ids) for row in made.rows]
    figures = {
        "arm": stage.arm,
        "oracle": stage.arm == "oracle",
        "loss": output.training_loss,
        "val_pearson": {name.removeprefix("eval_"): value for name, value in reached.items() if "pearson" in name},
        "val_scored_on": "the teacher's traces, written towards the label" if stage.arm == "oracle" else stage.arm,
        "best_step": trainer.state.best_global_step,
        "last_loss": last_of("loss", trainer.state.log_history),
        "steps": trainer.state.global_step,
        "rows": len(made.rows),
        "tokens": sum(lengths),
        "padding": padding_share(lengths, stage.batch_size * trainer.args.world_size, stage.seed),
        "steps_as_the_teacher": same,
        "shortened": made.shortened,
        "left_out": made.left_out,
    }
    trainer.keep(run.regression, tokenizer, recipe)
    if trainer.is_world_process_zero():
        write_history(trainer.state.log_history, run.history(STAGE))
        draw_curve(trainer.state.log_history, run.curve(STAGE))
        shutil.rmtree(run.checkpoints(STAGE), ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    return figures


def _of_records(records: Sequence[Example], traces: Sequence[str], chosen: Sequence[Example]) -> list[str]:
    trace_of = {(record.row, record.cell_type): trace for record, trace in zip(records, traces, strict=True)}
    return [trace_of[record.row, record.cell_type] for record in chosen]


def _prepared(recipe: Recipe, model: PreTrainedModel) -> ActivityModel:
    """The language model with adapters where asked, and a head."""
    stage = recipe.regression
    if stage.method == "lora":
        model.requires_grad_(False)
        inject_adapter_in_model(lora_config(stage.lora), model)
        for name, weight in model.named_parameters():
            weight.requires_grad_("lora_" in name)
    if recipe.model.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        model.enable_input_require_grads()
    return ActivityModel(model, stage.tower_inputs, stage.writing > 0)


def _arguments(recipe: Recipe, run: Run, rows: int) -> TrainingArguments:
    stage = recipe.regression
    steps = estimated_steps(rows, stage, 1)
    shared = shared_arguments(recipe, stage, run, STAGE, steps)
    best = stage.keep == "best"
    # The model checkpoints its gradients itself: see `_prepared`.
    shared |= {"gradient_checkpointing": False, "gradient_checkpointing_kwargs": None}
    return TrainingArguments(
        **shared,
        save_steps=stage.evaluate_steps,
        save_total_limit=2,
        eval_strategy="steps",
        eval_steps=stage.evaluate_steps,
        per_device_eval_batch_size=stage.evaluate_batch_size,
        load_best_model_at_end=best,
        metric_for_best_model=VAL_PEARSON if best or stage.patience else None,
        greater_is_better=True if best or stage.patience else None,
        label_names=["labels"],
        ddp_find_unused_parameters=False,
    )


class _Trainer(Trainer):
    """The library's trainer with our loss, order of rows, and measure on val."""

    def prepare(self, stage: RegressionRecipe, watched: TokenRows, val: Sequence[Example]) -> None:
        """What the loss and the evaluation need."""
        self._stage = stage
        self._watched = watched
        self._val = [val[place] for place in watched.places]
        self.loss_is_scaled_for_ga = True
        self.model_accepts_loss_kwargs = True
        plain(self)

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """AdamW at two rates: the head's, and all else's."""
        if self.optimizer is None:
            trained = model or self.model
            assert trained is not None
            weights = [(name, weight) for name, weight in trained.named_parameters() if weight.requires_grad]
            head = [weight for name, weight in weights if "language_model." not in name]
            rest = [weight for name, weight in weights if "language_model." in name]
            groups: list[dict[str, Any]] = [
                {"params": rest, "lr": self._stage.learning_rate},
                {"params": head, "lr": self._stage.head_learning_rate},
            ]
            self.optimizer = torch.optim.AdamW(groups, weight_decay=self._stage.weight_decay)
        return self.optimizer

    def _get_train_sampler(self, train_dataset: object = None) -> torch.utils.data.Sampler[int]:
        collator = self.data_collator
        assert isinstance(collator, Collator)
        rows = [collator.rows[place] for place in self.train_dataset[PLACE]]  # type: ignore[index]
        batch = self.args.per_device_train_batch_size * self.args.world_size
        levels = [row.level for row in rows] if self._stage.balance_levels else None
        return LengthPooledSampler([len(row.ids) for row in rows], batch, self.args.seed, levels)

    def compute_loss(
        self, model: nn.Module, inputs: dict[str, Tensor], return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor:  # fmt: skip
        """See the module's docstring; processes' losses are averaged, and so are accumulated batches here."""
        read, stage = model(inputs), self._stage
        rows = len(inputs["input_ids"]) * self.current_gradient_accumulation_steps
        targets, weights = inputs["targets"], inputs["weights"]
        bare = (weights * (read.prompts - targets).square()).sum() / rows
        if len(read.reasonings):
            error = (weights * (read.reasonings - targets).square()).sum() / rows + stage.without_trace * bare
        else:
            error = bare + 0 * read.reasonings.sum()
        if not stage.writing:
            return error
        tokens = torch.as_tensor(num_items_in_batch or 1, dtype=torch.float32).clamp(min=1)
        return error + stage.writing * read.writing / tokens * self.args.world_size

    @torch.no_grad()
    def evaluate(self, *_: object, **__: object) -> dict[str, float]:
        """Pearson on val per cell type, and their mean."""
        model = self.model
        assert model is not None
        model.eval()
        collator = self.data_collator
        assert isinstance(collator, Collator)
        rows, size = self._watched.rows, self.args.per_device_eval_batch_size
        first = np.cumsum([0, *(len(row.targets) for row in rows)])
        order = sorted(range(len(rows)), key=lambda at: len(rows[at].ids))
        chunks = [order[begin : begin + size] for begin in range(0, len(order), size)]
        found: list[tuple[int, float]] = []
        for chunk in chunks[self.args.process_index :: self.args.world_size]:
            batch = self._prepare_inputs(collate([rows[at] for at in chunk], collator.pad))
            with self.compute_loss_context_manager():
                read = model(batch)
            scores = read.reasonings if len(read.reasonings) else read.prompts
            places = [place for at in chunk for place in range(first[at], first[at + 1])]
            found += zip(places, scores.float().tolist(), strict=True)
        score_of = dict(gather_object(found) if self.args.world_size > 1 else found)
        metrics = self._measured(np.array([score_of[place] for place in range(len(self._val))]))
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _measured(self, scores: np.ndarray) -> dict[str, float]:
        cells = np.array([record.cell_type for record in self._val])
        truth = np.array([record.target for record in self._val])
        each = {cell: pearson(scores[cells == cell], truth[cells == cell]) for cell in sorted(set(cells.tolist()))}
        mean = float(np.mean(list(each.values())))
        return {f"eval_{VAL_PEARSON}": mean, **{f"eval_pearson_{cell}": value for cell, value in each.items()}}

    def _save(self, output_dir: str | None = None, state_dict: dict[str, Tensor] | None = None) -> None:
        """What a checkpoint needs: the weights that are trained."""
        if self.args.should_save:
            assert output_dir is not None
            Path(output_dir).mkdir(parents=True, exist_ok=True)
            activity = self._activity()
            weights = activity.weights(activity.state_dict() if state_dict is None else state_dict)
            save_file(weights, Path(output_dir) / "model.safetensors", metadata={"format": "pt"})

    def _issue_warnings_after_load(self, load_result: Any) -> None:
        """Weights that do not learn are in no checkpoint: missing ones are as they were."""
        assert not load_result.unexpected_keys, load_result.unexpected_keys

    def _activity(self) -> ActivityModel:
        activity = self.accelerator.unwrap_model(self.model)
        assert isinstance(activity, ActivityModel)
        return activity

    def keep(self, folder: Path, tokenizer: PreTrainedTokenizerBase, recipe: Recipe) -> None:
        """Write language model (or adapter), tokenizer and head; every process calls this."""
        state = self.accelerator.get_state_dict(self.model_wrapped)
        if not self.is_world_process_zero():
            return
        activity = self._activity()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        prefix = "language_model."
        below = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
        language_model = activity.language_model
        if recipe.regression.method == "lora":
            # As PEFT's own folders have it.
            adapter = {
                f"base_model.model.{name.replace('.default', '')}": value.contiguous()
                for name, value in below.items()
                if "lora_" in name
            }
            save_file(adapter, folder / ADAPTER)
            config = lora_config(recipe.regression.lora)
            config.base_model_name_or_path, config.inference_mode = BASE, True
            config.save_pretrained(str(folder))
        else:
            language_model.save_pretrained(folder, state_dict=below)
        tokenizer.save_pretrained(folder)
        head = {name.removeprefix("head."): value for name, value in state.items() if name.startswith("head.")}
        save_file({name: value.contiguous().float() for name, value in head.items()}, folder / "head.safetensors")
        if recipe.regression.arm == "oracle":
            (folder / ORACLE_MARK).write_text(ORACLE_TEXT, encoding="utf-8")
