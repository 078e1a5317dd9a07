"""Stage I: teach a compact language model to write traces, loss on the answer alone.

    python -m cistrace.training.rationale -o RUN [--again PASS]

Reads RUN/examples-train.jsonl and RUN/examples-pieces.jsonl (from cistrace.training.cards); writes RUN/stage1/,
a Hugging Face folder. With --again (1, 2, ...) it goes on from RUN/stage1 with the recipe AGAIN, after `part` has told
tokens apart that the first pass left alike: a value that reads like another cannot be copied (docs/experiments.md).
"""

from __future__ import annotations

import argparse
import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from cistrace.model.hub import load_language_model
from cistrace.model.language_model import LanguageModelShape, new_language_model
from cistrace.model.tokenizer import build_tokenizer
from cistrace.model.vocabulary import Names
from cistrace.motifs import load_library
from cistrace.mpra import CELL_TYPES
from cistrace.training.batches import Batch, Row, batches, rows_of
from cistrace.training.cards import Example, read_examples
from cistrace.training.optimizers import Optimizers, Rates

log = logging.getLogger(__name__)
WINDOW = 200
ALIKE = 0.95  # cosine from which two tokens are one to the model
COMMON = 0.05  # occurrences a row from which a token is common


@dataclass(frozen=True)
class RationaleRecipe:
    """Every number that shapes stage I. A batch is `sequences`, each in all cell types. See `optimizers.Rates`."""

    epochs: int = 1
    rows: int = 8_000
    pieces: int = 3_400
    sequences: int = 6
    matrix_learning_rate: float = 0.02
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    warm: float = 0.1
    seed: int = 0


AGAIN = RationaleRecipe(rows=1_800, pieces=1_200, matrix_learning_rate=0.01, learning_rate=1.5e-3)


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


def start(out: Path, again: bool, seed: int) -> tuple[PreTrainedModel, PreTrainedTokenizerFast, Names]:
    """A new model, or the one that RUN/stage1 holds."""
    if again:
        return load_language_model(out / "stage1")
    names = Names.of(load_library(), CELL_TYPES, WINDOW)
    tokenizer = build_tokenizer(names)
    return new_language_model(tokenizer, LanguageModelShape(), seed), tokenizer, names


@torch.no_grad()
def part(model: PreTrainedModel, rows: list[Row], seed: int) -> list[int]:
    """Give common tokens whose embeddings have grown alike new directions; returns them.

    Embeddings are tied to the output: while a value of two is only guessed, both are pulled to where guessing is best,
    and once they are one there is nothing left to copy by.
    """
    counts = torch.bincount(
        torch.tensor([token for row in rows for token in row.ids]), minlength=model.config.vocab_size
    )
    common = torch.nonzero(counts > COMMON * len(rows)).flatten()
    weight: Tensor = model.get_input_embeddings().weight.data  # type: ignore[assignment]
    unit = torch.nn.functional.normalize(weight[common].float(), dim=1)
    alike = (unit @ unit.T).fill_diagonal_(0).amax(dim=1) > ALIKE
    random = torch.Generator().manual_seed(seed)
    for token in common[alike].tolist():
        fresh = torch.randn(weight.shape[1], generator=random)
        weight[token] = fresh / fresh.norm() * weight[token].norm()
    return common[alike].tolist()


def train(out: Path, recipe: RationaleRecipe, again: bool) -> None:
    """Fit on the first `rows` sequences and `pieces`, the teacher's trace the answer."""
    examples = first_rows(read_examples(out / "examples-train.jsonl"), recipe.rows)
    examples += first_rows(read_examples(out / "examples-pieces.jsonl"), recipe.pieces)
    model, tokenizer, names = start(out, again, recipe.seed)
    model.train()
    rows = rows_of(tokenizer, examples, [example.trace for example in examples], [True] * len(examples))
    if again:
        log.info("parted: %s", tokenizer.convert_ids_to_tokens(part(model, rows, recipe.seed)))
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
    parser.add_argument("--again", type=int, default=0, metavar="PASS", help="go on from RUN/stage1; also the seed")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    again = arguments.again > 0
    train(arguments.out, replace(AGAIN, seed=arguments.again) if again else RationaleRecipe(), again)


if __name__ == "__main__":
    main()
