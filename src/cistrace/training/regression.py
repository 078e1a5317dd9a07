"""Stage II: regress the activity from card and self-written trace, the writing kept alive.

    python -m cistrace.training.regression -o RUN [--epochs 1] [--without-towers --to FOLDER]

Reads RUN/examples-train.jsonl, RUN/traces-train.jsonl and RUN/examples-pieces.jsonl; starts from RUN/stage1, writes
RUN/stage2/ and RUN/head.safetensors (below FOLDER instead, where one is given). The head scores on the end of the
reasoning and, at half the weight, on the end of the prompt, so that one head serves with and without a
trace. After the scored token the level is supervised with the observed one; the steps are supervised
where all of them are the teacher's too. Where they are not, the teacher's trace is one more row, for the writing
alone, and so are some cards of pieces: nothing the model got wrong is scored away from it or forgotten.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from cistrace.model.head import Head
from cistrace.model.hub import load_language_model
from cistrace.prompts import LEVEL_LINE, THINK_END
from cistrace.training.batches import Row, batches, rows_of
from cistrace.training.cards import Example, read_examples
from cistrace.training.optimizers import share
from cistrace.training.rationale import first_rows, read, save, writing_loss

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RegressionRecipe:
    """Every number that shapes stage II."""

    epochs: int = 1
    sequences: int = 10
    learning_rate: float = 6e-4
    head_rate: float = 2e-3
    weight_decay: float = 0.05
    warm: float = 0.1
    without_trace: float = 0.5
    writing: float = 0.5
    pieces: int = 1_000
    tower_inputs: bool = True
    seed: int = 0


def answers(examples: list[Example], traces: list[str]) -> tuple[list[str], list[bool]]:
    """Self-written reasoning followed by the observed level; and whether the steps are the teacher's too.

    A text that never ended its reasoning is replaced by the bare end of it: nothing may be scored there
    that the model did not write.
    """
    texts, faithful = [], []
    for example, trace in zip(examples, traces, strict=True):
        reasoning, ended, _ = trace.partition(THINK_END)
        texts.append((reasoning if ended else "") + f"{THINK_END}{LEVEL_LINE}{example.level}")
        faithful.append(reasoning == example.trace.partition(THINK_END)[0])
    return texts, faithful


def writing_alone(row: Row) -> Row:
    """The row without anything to regress."""
    return replace(row, prompt_ends=[], thought_ends=[], features=[], targets=[])


def training_rows(
    out: Path, tokenizer: PreTrainedTokenizerFast, recipe: RegressionRecipe
) -> tuple[list[Row], int, float]:
    """Rows to learn from; how many self-written traces are among them; in what share the steps are the teacher's."""
    examples = read_examples(out / "examples-train.jsonl")
    traces = [json.loads(line) for line in (out / "traces-train.jsonl").read_text().splitlines()]
    examples = examples[: len(traces)]
    texts, faithful = answers(examples, traces)
    rows = rows_of(tokenizer, examples, texts, faithful)
    missed = {example.row for example, same in zip(examples, faithful, strict=True) if not same}
    again = [example for example in examples if example.row in missed]
    again += first_rows(read_examples(out / "examples-pieces.jsonl"), recipe.pieces)
    told = rows_of(tokenizer, again, *answers(again, [example.trace for example in again]))
    return [*rows, *map(writing_alone, told)], len(examples), sum(faithful) / len(faithful)


def mean_square(error: Tensor) -> Tensor:
    """Zero where a batch holds nothing to regress."""
    return error.square().sum() / max(1, len(error))


def train(out: Path, recipe: RegressionRecipe, to: Path) -> None:
    """Fit on every training example of `out` with the trace the model wrote itself; write below `to`."""
    torch.manual_seed(recipe.seed)
    model, tokenizer, names = load_language_model(out / "stage1")
    rows, count, same = training_rows(out, tokenizer, recipe)
    log.info("%d self-written traces, the teacher's steps in %.4f of them; %d rows in all", count, same, len(rows))
    head = Head(model.config.hidden_size)
    if not recipe.tower_inputs:
        head.tower.weight.requires_grad_(False).zero_()
    optimizer = torch.optim.AdamW(
        [
            {"params": list(model.parameters()), "lr": recipe.learning_rate},
            {"params": list(head.parameters()), "lr": recipe.head_rate},
        ],
        weight_decay=recipe.weight_decay,
        fused=True,
    )
    steps = recipe.epochs * -(-len(rows) // recipe.sequences)
    rates = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: share(step, steps, recipe.warm))
    began, step, recent = time.monotonic(), 0, []
    model.train()
    for epoch in range(recipe.epochs):
        for batch in batches(rows, recipe.sequences, recipe.seed + epoch, tokenizer.pad_token_id):
            with torch.autocast("cpu", torch.bfloat16):
                hidden = read(model, batch)
                writing, right = writing_loss(model, hidden, batch)
            with_trace = head(hidden[batch.thought_ends].float(), batch.features)
            without = head(hidden[batch.prompt_ends].float(), batch.features)
            error, bare = mean_square(with_trace - batch.targets), mean_square(without - batch.targets)
            loss = error + recipe.without_trace * bare + recipe.writing * writing
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_([*model.parameters(), *head.parameters()], 1.0)
            optimizer.step()
            rates.step()
            step += 1
            recent.append((error.item(), bare.item(), writing.item(), right.item()))
            if step % 25 == 0:
                mean = torch.tensor(recent[-100:]).mean(dim=0).tolist()
                left = (time.monotonic() - began) / step * (steps - step)
                log.info(
                    "step %d/%d mse %.4f card alone %.4f writing %.4f right %.4f, %.0f s left", step, steps, *mean, left
                )
    to.mkdir(parents=True, exist_ok=True)
    save(model, tokenizer, names, to / "stage2")
    save_file(
        {name: tensor.detach().contiguous() for name, tensor in head.state_dict().items()}, to / "head.safetensors"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=RegressionRecipe.epochs)
    parser.add_argument("--without-towers", action="store_true", help="the head sees card and trace alone")
    parser.add_argument("--to", type=Path, help="where the result goes; RUN unless given")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = RegressionRecipe(epochs=arguments.epochs, tower_inputs=not arguments.without_towers)
    train(arguments.out, recipe, arguments.to or arguments.out)


if __name__ == "__main__":
    main()
