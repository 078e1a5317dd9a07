"""Stage I: teach a causal language model to write traces, loss on the completion alone, by TRL's fine-tuning.

Rows reach the trainer as tokens with labels: no chat template of an assistant's words is involved
(see `writers.layout`).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase, PrinterCallback, Trainer
from trl import SFTConfig, SFTTrainer  # type: ignore[attr-defined]

from cistrace.towers.optimizers import MuonAdamW
from cistrace.training.arguments import estimated_steps, lora_config, shared_arguments
from cistrace.training.arms import answers
from cistrace.training.checkpoints import key_of, last_whole
from cistrace.training.examples import Example
from cistrace.training.recipe import RationaleRecipe, Recipe
from cistrace.training.rows import IGNORED, PLACE, Collator, places_of, rows_of
from cistrace.training.run import Run
from cistrace.training.sampler import LengthPooledSampler, padding_share
from cistrace.training.watch import Lines, describe, draw_curve, write_history
from cistrace.writers.layout import DOMAIN, Layout

STAGE = "rationale"
VAL_ROWS = 128  # of val, for the writing loss beside the training's


def train_rationale(
    recipe: Recipe, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, layout: Layout,
    records: Sequence[Example], pieces: Sequence[Example], val: Sequence[Example], run: Run,
) -> dict[str, Any]:  # fmt: skip
    """Fit on the teacher's traces and write RUN/rationale; goes on from the last whole checkpoint.

    Returns
    -------
    dict
        Figures of the stage.
    """
    stage, together = recipe.rationale, recipe.model.layout == DOMAIN
    chosen = [*first_rows(records, stage.rows), *first_rows(pieces, stage.pieces)]
    made = rows_of(layout, answers(chosen), stage.cutoff, together)
    known = answers(val)
    watched = rows_of(layout, known, stage.cutoff, together).rows[:VAL_ROWS] if known else []
    trainer = _Trainer(
        model=model,
        args=_arguments(recipe, run, len(made.rows), bool(watched)),
        train_dataset=places_of(made.rows),
        eval_dataset=places_of(watched, len(made.rows)) if watched else None,
        processing_class=tokenizer,
        data_collator=Collator([*made.rows, *watched], layout.pad, scoring=False),
        peft_config=lora_config(stage.lora) if stage.method == "lora" else None,
        callbacks=[Lines(STAGE)],
        optimizers=(_optimizer(model, stage), None),
    )
    plain(trainer)
    if trainer.is_world_process_zero():
        assert trainer.model is not None
        describe(trainer.model, trainer.args, STAGE, len(made.rows))
    last = last_whole(run.checkpoints(STAGE), key_of(recipe, STAGE, len(made.rows)), trainer.is_world_process_zero())
    output = trainer.train(resume_from_checkpoint=str(last) if last else None)
    trainer.accelerator.wait_for_everyone()
    trainer.save_model(str(run.rationale))
    lengths = [len(row.ids) for row in made.rows]
    figures = {
        "loss": output.training_loss,
        "val_loss": next(
            (entry["eval_loss"] for entry in trainer.state.log_history[::-1] if "eval_loss" in entry), None
        ),
        "steps": trainer.state.global_step,
        "rows": len(made.rows),
        "tokens": sum(lengths),
        "padding": padding_share(lengths, stage.batch_size * trainer.args.world_size, stage.seed),
        "shortened": made.shortened,
        "left_out": made.left_out,
    }
    if trainer.is_world_process_zero():
        (run.rationale / "training_args.bin").unlink(missing_ok=True)  # a pickle; run.json and config.yaml say more
        write_history(trainer.state.log_history, run.history(STAGE))
        draw_curve(trainer.state.log_history, run.curve(STAGE))
        shutil.rmtree(run.checkpoints(STAGE), ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    return figures


def plain(trainer: Trainer) -> None:
    """Keep the library from printing figures on stdout; `watch.Lines` tells them."""
    trainer.remove_callback(PrinterCallback)


def last_of(figure: str, history: Sequence[dict[str, float]]) -> float | None:
    """The last value of a figure that was logged."""
    return next((entry[figure] for entry in reversed(history) if figure in entry), None)


def first_rows(records: Sequence[Example], rows: int | None) -> list[Example]:
    """The records of the first `rows` sequences; all for None."""
    if rows is None:
        return list(records)
    wanted = set(list(dict.fromkeys(record.row for record in records))[:rows])
    return [record for record in records if record.row in wanted]


def _arguments(recipe: Recipe, run: Run, rows: int, watched: bool) -> SFTConfig:
    stage = recipe.rationale
    steps = estimated_steps(rows, stage, 1)
    return SFTConfig(
        **shared_arguments(recipe, stage, run, STAGE, steps),
        save_steps=stage.save_steps,
        save_total_limit=2,
        eval_strategy="steps" if watched else "no",
        eval_steps=stage.save_steps,
        per_device_eval_batch_size=stage.batch_size,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        completion_only_loss=False,  # rows bring their labels
    )


def _optimizer(model: PreTrainedModel, stage: RationaleRecipe) -> torch.optim.Optimizer | None:
    """Muon for the layers' matrices where the recipe says so; the trainer's own AdamW otherwise."""
    if stage.optimizer != "muon":
        return None
    edges = {id(model.get_input_embeddings().weight)}
    output = model.get_output_embeddings()
    if output is not None:
        edges.add(id(output.weight))
    matrices = [weight for weight in model.parameters() if weight.ndim == 2 and id(weight) not in edges]
    inner = {id(weight) for weight in matrices}
    rest = [weight for weight in model.parameters() if id(weight) not in inner]
    return MuonAdamW(matrices, rest, stage.matrix_learning_rate, stage.learning_rate, stage.weight_decay)


class _Trainer(SFTTrainer):
    """TRL's trainer with our order of rows.

    Its own loss takes the output layer in pieces and anew in the backward pass, and measures entropy and accuracy
    besides, which saves memory and costs a small model three tenths of its speed. Here the layer is applied once, at
    the positions where some row's next token is supervised.
    """

    def _get_train_sampler(self, train_dataset: object = None) -> torch.utils.data.Sampler[int]:
        collator = self.data_collator
        assert isinstance(collator, Collator)
        lengths = [len(collator.rows[place].ids) for place in self.train_dataset[PLACE]]  # type: ignore[index]
        batch = self.args.per_device_train_batch_size * self.args.world_size
        return LengthPooledSampler(lengths, batch, self.args.seed)

    def compute_loss(
        self, model: torch.nn.Module, inputs: dict[str, Any], return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:  # fmt: skip
        """Mean cross-entropy over supervised tokens, of all processes and accumulated batches."""
        following = torch.nn.functional.pad(inputs["labels"], (0, 1), value=IGNORED)[:, 1:]
        kept = (following != IGNORED).any(dim=0).nonzero().flatten()
        told = {name: value for name, value in inputs.items() if name != "labels"}
        outputs = model(**told, use_cache=False, logits_to_keep=kept)
        wanted = following[:, kept]
        seen = wanted != IGNORED
        total = torch.nn.functional.cross_entropy(outputs.logits[seen].float(), wanted[seen], reduction="sum")
        if num_items_in_batch is None:
            loss = total / seen.sum().clamp(min=1)
        else:
            loss = total / torch.as_tensor(num_items_in_batch).clamp(min=1) * self.args.world_size
        return (loss, outputs) if return_outputs else loss

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """A run has a card of its own."""
