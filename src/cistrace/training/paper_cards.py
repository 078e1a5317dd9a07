"""Cards without evidence, in the paper's layout, and the traces that a data set's teacher wrote for some of them.

Stage I reads the sequences that have a trace, stage II every measured sequence of the split, for which the model writes
its own: so a few hundred taught traces a cell type serve any number of measurements, as in R3LM (Duan et al. 2026).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import numpy as np

from cistrace.cards.card import Card
from cistrace.cards.json import card_object
from cistrace.cards.maker import BLOCK, CardMaker
from cistrace.cards.windows import SequenceWindow, Window
from cistrace.errors import DataError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.streams import shown
from cistrace.reasonbench.dataset import DataSet
from cistrace.reasonbench.entries import Entry, read_entries
from cistrace.traces.grounded import level_of
from cistrace.traces.templates import THINK_END
from cistrace.training.cards import Scale
from cistrace.training.examples import Example, write_examples
from cistrace.training.recipe import CardsRecipe
from cistrace.training.run import Run
from cistrace.writers.layout import LayoutName, prompt_of

log = logging.getLogger(__name__)
NO_EVIDENCE = "none"

Taught = dict[tuple[int, str], Entry]  # by row and cell type


def make_paper_cards(data: DataSet, recipe: CardsRecipe, layout: LayoutName, run: Run, threads: int) -> dict[str, int]:
    """Write RUN/examples-*.jsonl: those with a teacher's trace first, each kind in random order.

    Returns
    -------
    dict
        How many records each file holds, and how many of the training's have a teacher's trace (`taught`).

    Raises
    ------
    DataError
        The data set's own cards hold evidence that no new sequence would have, or it has no trace to learn from.
    """
    kind = data.manifest.evidence.kind
    if kind != "none":
        raise DataError(
            f"{shown(data.folder)}: its cards hold evidence ({kind}) that a new sequence would lack; expected a data "
            "set built with --evidence none --teacher chat; or train with cards.evidence=towers"
        )
    maker = CardMaker(data.cell_types, data.window, threads=threads)
    scale, counts = Scale.of(data.training), {}
    for split, most in (("train", recipe.rows), ("val", recipe.val_rows)):
        taught = read_taught(data, split)
        if split == "train":
            counts["taught"] = len(taught)
            if not taught:
                raise DataError(
                    f"{shown(data.folder)}: has no traces in train.jsonl; expected some; build it with --all or "
                    "--per-level"
                )
        places = ordered(data, split, taught, recipe.seed)[:most]
        counts[split] = write_examples(run.examples(split), _records(data, places, maker, layout, scale, taught))
        log.info("%s: %d cards without evidence, %d with a trace", split, counts[split], len(taught))
    counts["pieces"] = write_examples(run.examples("pieces"), ())
    return counts


def read_taught(data: DataSet, split: str) -> Taught:
    """The entries of a split whose trace ends its reasoning."""
    path = data.folder / f"{split}.jsonl"
    if not path.exists():  # a split without traces has no file
        return {}
    return {(entry.row, entry.cell_type): entry for entry in read_entries(path) if THINK_END in entry.trace}


def ordered(data: DataSet, split: str, taught: Taught, seed: int) -> list[int]:
    """Places of a split's sequences: those with a trace first, each kind in an order fixed by the seed."""
    places = np.random.default_rng(seed).permutation(data.places_in_training(split)).tolist()
    with_trace = {row for row, _ in taught}
    return sorted(places, key=lambda place: int(data.rows[place]) not in with_trace)


def _records(
    data: DataSet, places: list[int], maker: CardMaker, layout: LayoutName, scale: Scale, taught: Taught
) -> Iterator[Example]:
    table = data.table
    told = data.manifest.teacher is not None and data.manifest.teacher.condition == "level"
    for begin in range(0, len(places), BLOCK):
        block = places[begin : begin + BLOCK]
        sequences = [DnaSequence(table.names[place], table.sequences[place], "") for place in block]
        whole = [SequenceWindow(sequence, Window(0, len(sequence.bases))) for sequence in sequences]
        for place, window in zip(block, maker.window_cards(whole, data.cell_types), strict=True):
            for cell, card in enumerate(window.cards):
                if np.isfinite(table.activity[place, cell]):
                    entry = taught.get((int(data.rows[place]), card.cell_type))
                    yield _record(data, place, cell, card, layout, scale, entry, told)


def _record(
    data: DataSet, place: int, cell: int, card: Card, layout: LayoutName, scale: Scale, entry: Entry | None, told: bool
) -> Example:
    activity = data.table.activity[place]
    prompt, trace = prompt_of(layout, card), "" if entry is None else entry.trace
    level = level_of(float(activity[cell]), data.cuts[cell]) if entry is None else entry.level
    return Example(
        int(data.rows[place]), data.table.names[place], card.cell_type, card.bases, prompt.shared, prompt.own, trace,
        trace if told else "", (0.0, 0.0), float(scale.standardised(activity)[cell]), float(activity[cell]), level,
        json.dumps(card_object(card)) if data.table.splits[place] == "val" else "",
    )  # fmt: skip
