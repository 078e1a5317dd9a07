"""Let a model predict, and keep everything the report needs: one JSON line a sequence and cell type."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from cistrace.cards.json import card_object
from cistrace.cards.maker import BLOCK, WindowCards
from cistrace.cards.windows import SequenceWindow, Window
from cistrace.errors import ModelError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.files import whole_file
from cistrace.mpra.table import MpraTable
from cistrace.predict import TOGETHER, Predictor
from cistrace.traces.grounded import write
from cistrace.traces.text import render_trace
from cistrace.writers.prompts import domain_prompt

log = logging.getLogger(__name__)
UNCONSTRAINED = 320  # sequences that are also decoded without the grammar


@dataclass(frozen=True)
class StoredPrediction:
    """One sequence in one cell type. `card` is JSON; `free` is None where it was not asked for."""

    id: str
    cell_type: str
    activity: float
    lower: float
    upper: float
    card_only: float
    tower: float
    text: str
    grounded: str
    free: str | None
    card: dict[str, object]


def store(table: MpraTable, path: Path, checkpoint: Path | None) -> None:
    """Write the table's predictions, a block of sequences at a time; evidence is asked for once.

    Raises
    ------
    ModelError
        The checkpoint has no towers, or writes no traces.
    """
    predictor = Predictor(checkpoint)
    if predictor.maker.model is None or not predictor.writes:
        raise ModelError(
            f"{checkpoint}: found a model without towers or traces, expected one of card+generated on towers' cards; "
            "name it by --run instead of --model"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    records = [DnaSequence(name, bases) for name, bases in zip(table.names, table.sequences, strict=True)]
    with whole_file(path) as part, part.open("w", encoding="utf-8") as handle:
        for begin in range(0, len(records), BLOCK):
            block = records[begin : begin + BLOCK]
            whole = [SequenceWindow(record, Window(0, len(record.bases))) for record in block]
            windows = list(predictor.maker.window_cards(whole, predictor.cell_types))
            _write(handle, predictor, windows, free=begin < UNCONSTRAINED)
            log.info("%d of %d sequences predicted", begin + len(block), len(records))


def _write(handle: TextIO, predictor: Predictor, windows: list[WindowCards], free: bool) -> None:
    cells = predictor.cell_types
    full = predictor.score(windows, cells, trace=True)
    bare = predictor.score(windows, cells, trace=False)
    freely = iter(_freely(predictor, windows)) if free else None
    for with_trace, without in zip(full, bare, strict=True):
        for cell, name in enumerate(cells):
            made = predictor.maker.window_card(with_trace.cards, cell, cells)
            found = predictor.prediction(with_trace, cell, cells, trace=True)
            row = StoredPrediction(
                found.id,
                name,
                found.activity,
                found.lower,
                found.upper,
                predictor.prediction(without, cell, cells, trace=False).activity,
                made.estimate or 0.0,
                found.trace_text or "",
                render_trace(write(made.card, predictor.checkpoint.scales[name].cuts)),
                next(freely) if freely else None,
                card_object(made.card),
            )
            handle.write(json.dumps(vars(row)) + "\n")


def _freely(predictor: Predictor, windows: list[WindowCards]) -> Iterator[str]:
    """What the weights write without the grammar, sequence by sequence and cell type by cell type."""
    for begin in range(0, len(windows), TOGETHER):
        block = windows[begin : begin + TOGETHER]
        prompts = [[domain_prompt(card) for card in entry.cards] for entry in block]
        features = predictor.blank_features(len(block))
        for texts in predictor.checkpoint.reasoner.reason(prompts, features, constrained=False).texts:
            yield from texts


def read_stored(path: Path) -> list[StoredPrediction]:
    """Read what `store` wrote."""
    with path.open() as handle:
        return [StoredPrediction(**json.loads(line)) for line in handle]
