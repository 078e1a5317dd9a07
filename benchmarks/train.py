"""Tokens a second of both stages against a bare loop over the same rows, model, optimizer and precision.

    python benchmarks/train.py RUN --steps 40 --rounds 3

RUN is a training run with its stage I done. Each round trains the model for so many steps with cistrace and with the
loop, in turn; figures are medians over rounds, tokens are real ones without padding. The loop reads the rows
in the order of the file, as bare loops do: its padding is told beside ours.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from cistrace.towers.precision import use_bf16
from cistrace.training.activity import ActivityModel, LossWeights
from cistrace.training.arms import texts_to_learn, texts_to_write
from cistrace.training.examples import Example, read_examples
from cistrace.training.language_models import load_trained
from cistrace.training.order import course, padding_share
from cistrace.training.rationale import train_rationale
from cistrace.training.recipe import Recipe
from cistrace.training.regression import train_regression
from cistrace.training.rows import IGNORED, TokenRows, collate, rows_of
from cistrace.training.run import Run
from cistrace.writers.layout import DOMAIN, Layout, layout_of

VAL = 8  # records of val: their evaluation is not timed, and should not take long


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=600, help="sequences")
    arguments = parser.parse_args()
    run = Run(arguments.run)
    recipe = settings(run.read_config(), arguments.steps)
    train, val = (read_examples(run.examples(name)) for name in ("train", "val"))
    wanted = set(list(dict.fromkeys(record.row for record in train))[: arguments.rows])
    train = [record for record in train if record.row in wanted and record.trace]
    val = val[:VAL]
    for stage in ("rationale", "regression"):
        ours, bare = [], []
        for _ in range(arguments.rounds):
            ours.append(speed_of_ours(stage, recipe, run, train, val))
            bare.append(speed_of_loop(stage, recipe, run, train))
        rows = rows_for(stage, recipe, layout_for(run, recipe), train)
        size = recipe.rationale.batch_size if stage == "rationale" else recipe.regression.batch_size
        mine, plain = statistics.median(ours), statistics.median(bare)
        print(
            f"{stage}: cistrace {mine:,.0f} tokens/s, bare loop {plain:,.0f}, ratio {mine / plain:.2f}; padding "
            f"{padding_share(rows.lengths, course(rows.lengths, size, len(rows) // size, 0), size):.1%}, of the loop "
            f"{loop_padding(rows.lengths.tolist(), size):.1%}; {len(rows)} rows, "
            f"{arguments.steps} steps, median of {arguments.rounds} rounds"
        )


def settings(recipe: Recipe, steps: int) -> Recipe:
    """The run's recipe for so many steps, with an optimizer that a bare loop has too, and nothing saved between."""
    return replace(
        recipe,
        rationale=replace(
            recipe.rationale, epochs=1e3, most_steps=steps, optimizer="adamw", method="full", accumulate=1,
            save_steps=10**6, learning_rate=1e-4,
        ),
        regression=replace(
            recipe.regression, epochs=1e3, most_steps=steps, method="full", accumulate=1, evaluate_steps=10**6,
            keep="last", arm="card+generated", pieces=0,
        ),
    )  # fmt: skip


def layout_for(run: Run, recipe: Recipe) -> Layout:
    return layout_of(recipe.model.layout, load_trained(run.rationale, recipe)[1])


def rows_for(stage: str, recipe: Recipe, layout: Layout, train: Sequence[Example]) -> TokenRows:
    together = recipe.model.layout == DOMAIN
    if stage == "rationale":
        return rows_of(layout, texts_to_write(train), recipe.rationale.cutoff, together)
    texts, _ = texts_to_learn(recipe, layout, train, [record.trace for record in train], ())
    return rows_of(layout, texts, recipe.regression.cutoff, together)


def speed_of_ours(stage: str, recipe: Recipe, run: Run, train: list[Example], val: list[Example]) -> float:
    model, tokenizer = load_trained(run.rationale, recipe)
    layout = layout_of(recipe.model.layout, tokenizer)
    with tempfile.TemporaryDirectory() as folder:
        fresh = Run(Path(folder))
        fit(stage, recipe, model, tokenizer, layout, train, val, fresh)
        (told,) = [entry for entry in read_history(fresh, stage) if "train_runtime" in entry]
    rows = rows_for(stage, recipe, layout, train)
    return recipe_steps(stage, recipe) * batch_of(stage, recipe) * mean_length(rows) / told["train_runtime"]


def fit(
    stage: str, recipe: Recipe, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, layout: Layout,
    train: list[Example], val: list[Example], run: Run,
) -> None:  # fmt: skip
    if stage == "rationale":
        train_rationale(recipe, model, tokenizer, layout, train, [], [], run)
        return
    traces = [[record.trace for record in some] for some in (train, val)]
    train_regression(recipe, model, tokenizer, layout, train, traces[0], [], val, traces[1], run)


def read_history(run: Run, stage: str) -> list[dict[str, float]]:
    return [json.loads(line) for line in run.history(stage).read_text().splitlines()]


def recipe_steps(stage: str, recipe: Recipe) -> int:
    return recipe.rationale.most_steps if stage == "rationale" else recipe.regression.most_steps


def batch_of(stage: str, recipe: Recipe) -> int:
    return recipe.rationale.batch_size if stage == "rationale" else recipe.regression.batch_size


def mean_length(rows: TokenRows) -> float:
    return len(rows.ids) / len(rows)


def speed_of_loop(stage: str, recipe: Recipe, run: Run, train: list[Example]) -> float:
    """What one would write by hand: forward, backward, clip, AdamW."""
    model, tokenizer = load_trained(run.rationale, recipe)
    layout = layout_of(recipe.model.layout, tokenizer)
    rows, size, steps = rows_for(stage, recipe, layout, train), batch_of(stage, recipe), recipe_steps(stage, recipe)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loss_of, learner = loop_loss(stage, recipe, model)
    learner.to(device).train()
    optimizer = torch.optim.AdamW(
        [weight for weight in learner.parameters() if weight.requires_grad], lr=1e-4, fused=True
    )
    began, tokens = time.monotonic(), 0
    for step in range(steps):
        chosen = [rows[(step * size + at) % len(rows)] for at in range(size)]
        batch = {name: value.to(device) for name, value in collate(chosen, layout.pad).items()}
        with torch.autocast(device.type, torch.bfloat16, enabled=use_bf16(recipe.model.precision, device)):
            loss = loss_of(batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learner.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        tokens += sum(len(row.ids) for row in chosen)
    loss.item()
    return tokens / (time.monotonic() - began)


def loop_loss(
    stage: str, recipe: Recipe, model: PreTrainedModel
) -> tuple[Callable[[dict[str, torch.Tensor]], torch.Tensor], torch.nn.Module]:
    if stage == "rationale":
        names = ("input_ids", "attention_mask", "position_ids", "labels")
        return lambda batch: model(**{name: batch[name] for name in names}).loss, model
    how = recipe.regression
    activity = ActivityModel(model, how.tower_inputs, LossWeights(how.without_trace, how.writing))
    return lambda batch: activity(**batch, num_items_in_batch=batch["labels"].ne(IGNORED).sum())["loss"], activity


def loop_padding(lengths: Sequence[int], size: int) -> float:
    chunks = [lengths[at : at + size] for at in range(0, len(lengths), size)]
    return 1 - sum(lengths) / sum(max(chunk) * len(chunk) for chunk in chunks)


if __name__ == "__main__":
    main()
