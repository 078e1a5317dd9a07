"""Stage I: teach a compact language model to write traces, loss on the answer alone.

    python -m cistrace.training.rationale -o RUN [--epochs 1] [--rows 8000]

Reads RUN/examples-train.jsonl and RUN/examples-pieces.jsonl (from cistrace.training.cards); writes RUN/stage1/,
a Hugging Face folder.
"""

from __future__ import annotations

import argparse
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedModel

from cistrace.model.language_model import LanguageModelShape, new_language_model
from cistrace.model.tokenizer import build_tokenizer
from cistrace.model.vocabulary import Names
from cistrace.motifs import load_library
from cistrace.mpra import CELL_TYPES
from cistrace.training.batches import Batch, batches, rows_of
from cistrace.training.cards import Example, read_examples
from cistrace.training.optimizers import Optimizers, Rates

log = logging.getLogger(__name__)
WINDOW = 200


@dataclass(frozen=True)
class RationaleRecipe:
    """Every number that shapes stage I. A batch is `sequences`, each in all cell types. See `optimizers.Rates`."""

    epochs: int = 1
    rows: int = 8_000
    sequences: int = 6
    matrix_learning_rate: float = 0.02
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    warm: float = 0.1
    seed: int = 0


def first_rows(examples: list[Example], rows: int) -> list[Example]:
    """The examples of the first `rows` sequences."""
    wanted = set(list(dict.fromkeys(example.row for example in examples))[:rows])
    return [example for example in examples if example.row in wanted]


def read(model: PreTrainedModel, batch: Batch) -> Tensor:
    """Hidden states (N, L, hidden) of a batch."""
    output = model.model(input_ids=batch.ids, attention_mask=batch.mask, position_ids=batch.positions, use_cache=False)
    return output.last_hidden_state


def writing_loss(model: PreTrainedModel, hidden: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy over supervised tokens, and the share of them that greedy decoding would get right."""
    supervised = batch.answer[:, 1:]
    logits = model.lm_head(hidden[:, :-1][supervised]).float()
    truth = batch.ids[:, 1:][supervised]
    return torch.nn.functional.cross_entropy(logits, truth), (logits.argmax(dim=1) == truth).float().mean()


def train(out: Path, recipe: RationaleRecipe) -> None:
    """Fit on the first `rows` sequences and every piece, the teacher's trace the answer."""
    examples = first_rows(read_examples(out / "examples-train.jsonl"), recipe.rows)
    examples += read_examples(out / "examples-pieces.jsonl")
    names = Names.of(load_library(), CELL_TYPES, WINDOW)
    tokenizer = build_tokenizer(names)
    rows = rows_of(tokenizer, examples, [example.trace for example in examples], [True] * len(examples))
    model = new_language_model(tokenizer, LanguageModelShape(), recipe.seed)
    steps = recipe.epochs * -(-len(rows) // recipe.sequences)
    rates = Rates(recipe.matrix_learning_rate, recipe.learning_rate, recipe.weight_decay, recipe.warm)
    optimizers = Optimizers(model, [model.get_input_embeddings().weight], rates, steps)
    began, step, seen = time.monotonic(), 0, 0
    for epoch in range(recipe.epochs):
        for batch in batches(rows, recipe.sequences, recipe.seed + epoch, tokenizer.pad_token_id):
            with torch.autocast("cpu", torch.bfloat16):
                hidden = read(model, batch)
                loss, right = writing_loss(model, hidden, batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizers.step()
            step, seen = step + 1, seen + int((batch.ids != tokenizer.pad_token_id).sum())
            if step % 25 == 0:
                speed = seen / (time.monotonic() - began)
                log.info("step %d/%d loss %.4f right %.4f, %.0f tokens/s", step, steps, loss, right, speed)
            if step % 400 == 0:
                save(model, tokenizer, names, out / "stage1")
    save(model, tokenizer, names, out / "stage1")


def save(model: PreTrainedModel, tokenizer: object, names: Names, folder: Path) -> None:
    """Write model, tokenizer and names as one Hugging Face folder."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)  # type: ignore[attr-defined]
    names.write(folder / "names.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=RationaleRecipe.epochs)
    parser.add_argument("--rows", type=int, default=RationaleRecipe.rows)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    train(arguments.out, RationaleRecipe(epochs=arguments.epochs, rows=arguments.rows))


if __name__ == "__main__":
    main()
