"""Let the reasoner write its own traces for every example: what stage II and all reported figures read.

    python -m cistrace.training.generate -o RUN [--model stage1] [--split train]

Reads RUN/examples-SPLIT.jsonl, writes RUN/traces-SPLIT.jsonl (one text a line, same order). Goes on
where an earlier run stopped.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from itertools import groupby
from pathlib import Path

import torch

from cistrace.model.head import Head
from cistrace.model.hub import load_language_model
from cistrace.model.prompt import Prompt
from cistrace.model.reasoner import Reasoner
from cistrace.training.cards import Example, read_examples

log = logging.getLogger(__name__)
SEQUENCES = 40


def generate(out: Path, model: str, split: str) -> None:
    """Write traces greedily under the grammar, the cell types of a sequence sharing its prompt."""
    examples = read_examples(out / f"examples-{split}.jsonl")
    path = out / f"traces-{split}.jsonl"
    done = len(path.read_text().splitlines()) if path.exists() else 0
    language_model, tokenizer, names = load_language_model(out / model)
    reasoner = Reasoner(language_model, tokenizer, Head(language_model.config.hidden_size), names)
    groups = [list(group) for _, group in groupby(examples, key=lambda example: example.row)]
    # Only sequences with the same number of measured cell types can share a pass.
    began, written = time.monotonic(), 0
    with path.open("a") as handle:
        position = 0
        for block in _blocks(groups):
            size = sum(len(group) for group in block)
            position += size
            if position <= done:
                continue
            prompts = [[Prompt(example.shared, example.own) for example in group] for group in block]
            features = torch.zeros((len(block), len(block[0]), 2))
            for text in (text for texts in reasoner.reason(prompts, features).texts for text in texts):
                handle.write(json.dumps(text) + "\n")
            handle.flush()
            written += size
            log.info("%d of %d, %.1f/s", position, len(examples), written / (time.monotonic() - began))


def _blocks(groups: list[list[Example]]) -> list[list[list[Example]]]:
    """Neighbouring groups of one size, at most SEQUENCES together."""
    blocks: list[list[list[Example]]] = []
    for group in groups:
        if blocks and len(blocks[-1][0]) == len(group) and len(blocks[-1]) < SEQUENCES:
            blocks[-1].append(group)
        else:
            blocks.append([group])
    return blocks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--model", default="stage1")
    parser.add_argument("--split", default="train")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    generate(arguments.out, arguments.model, arguments.split)


if __name__ == "__main__":
    main()
