"""Predict a split and keep everything the report needs, one JSON line a sequence and cell type."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from cistrace.card_json import card_object
from cistrace.model.prompt import write_prompt
from cistrace.mpra import MpraTable, read_joint
from cistrace.predict import TOGETHER, Predictor
from cistrace.records import Card, Sequence
from cistrace.teach.grounded import write
from cistrace.trace import render_trace

log = logging.getLogger(__name__)
UNCONSTRAINED = 320  # sequences decoded without the grammar


def store(data: Path | None, split: str, out: Path, checkpoint: Path | None) -> None:
    """Write OUT/full-SPLIT.jsonl, cards-SPLIT.jsonl, card_only-SPLIT.jsonl and free-SPLIT.jsonl."""
    out.mkdir(parents=True, exist_ok=True)
    table = read_joint(data).split(split)
    predictor = Predictor(checkpoint)
    _cards(predictor, table, out / f"cards-{split}.jsonl")
    _free(predictor, table, out / f"free-{split}.jsonl")
    for name, trace in (("card_only", False), ("full", True)):
        with (out / f"{name}-{split}.jsonl").open("w") as handle:
            for count, found in enumerate(predictor.stream(_records(table), trace=trace), 1):
                row = {
                    "id": found.id, "cell_type": found.cell_type, "activity": found.activity, "lower": found.lower,
                    "upper": found.upper, "level": found.level, "text": found.trace_text,
                }  # fmt: skip
                handle.write(json.dumps(row) + "\n")
                if count % 1000 == 0:
                    log.info("%s: %d of %d", name, count, len(table) * len(table.cell_types))


def _records(table: MpraTable) -> Iterator[Sequence]:
    for name, bases in zip(table.names, table.sequences, strict=True):
        yield Sequence(name, bases, "table")


def _cards(predictor: Predictor, table: MpraTable, path: Path) -> None:
    """Cards, the towers' unrounded estimate, and the grounded writer's trace."""
    scales = predictor.checkpoint.scales
    with path.open("w") as handle:
        for made in predictor.maker.cards(_records(table), predictor.cell_types):
            grounded = render_trace(write(made.card, scales[made.card.cell_type].cuts))
            row = {"id": made.sequence.id, "card": card_object(made.card), "tower": made.estimate, "grounded": grounded}
            handle.write(json.dumps(row) + "\n")


def _free(predictor: Predictor, table: MpraTable, path: Path) -> None:
    """What the weights write without the grammar, for the first sequences of the split."""
    made = predictor.maker.cards(islice(_records(table), UNCONSTRAINED), predictor.cell_types)
    cards: list[Card] = [entry.card for entry in made]
    cells = len(predictor.cell_types)
    groups = [cards[at : at + cells] for at in range(0, len(cards), cells)]
    with path.open("w") as handle:
        for begin in range(0, len(groups), TOGETHER):
            block = groups[begin : begin + TOGETHER]
            prompts = [[write_prompt(card) for card in group] for group in block]
            features = predictor.blank_features(len(block))
            for texts in predictor.checkpoint.reasoner.reason(prompts, features, constrained=False).texts:
                handle.writelines(json.dumps(text) + "\n" for text in texts)
