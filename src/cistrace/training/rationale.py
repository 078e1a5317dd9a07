"""Stage I: teach a compact language model to write traces, loss on the answer alone.

    python -m cistrace.training.rationale -o RUN [--epochs 2]

Reads RUN/examples-train.jsonl (from cistrace.training.cards); writes RUN/stage1/, a Hugging Face folder.
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
from cistrace.training.cards import read_examples

log = logging.getLogger(__name__)
WINDOW = 200


@dataclass(frozen=True)
class RationaleRecipe:
    """Every number that shapes stage I. A batch is `sequences`, each in all cell types.

    Learning rate: linear warm-up over a tenth of the steps, then cosine.
    """

    epochs: int = 1
    sequences: int = 6
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05
    seed: int = 0


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


def schedule(optimizer: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LambdaLR:
    """Linear warm-up over a tenth of the steps, then a cosine to a fiftieth."""
    warm = max(1, steps // 10)

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        progress = (step - warm) / max(1, steps - warm)
        return 0.02 + 0.98 * 0.5 * (1 + float(torch.cos(torch.tensor(progress * torch.pi))))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def train(out: Path, recipe: RationaleRecipe) -> None:
    """Fit on every training example, its teacher's trace the answer."""
    examples = read_examples(out / "examples-train.jsonl")
    names = Names.of(load_library(), CELL_TYPES, WINDOW)
    tokenizer = build_tokenizer(names)
    rows = rows_of(tokenizer, examples, [example.trace for example in examples], [True] * len(examples))
    model = new_language_model(tokenizer, LanguageModelShape(), recipe.seed)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, betas=(0.9, 0.98), fused=True
    )
    steps = recipe.epochs * -(-len(rows) // recipe.sequences)
    rates = schedule(optimizer, steps)
    began, step, seen = time.monotonic(), 0, 0
    for epoch in range(recipe.epochs):
        for batch in batches(rows, recipe.sequences, recipe.seed + epoch, tokenizer.pad_token_id):
            with torch.autocast("cpu", torch.bfloat16):
                hidden = read(model, batch)
                loss, right = writing_loss(model, hidden, batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            rates.step()
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
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    train(arguments.out, RationaleRecipe(epochs=arguments.epochs))


if __name__ == "__main__":
    main()
