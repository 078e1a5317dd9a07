"""Cards with honest evidence for training rows: each row's evidence and known effects are of its own fold, whose
fits never saw its chromosome nor a relative.

Val rows have the evidence that a new sequence gets. Pieces of elements, shorter than the whole and left at most a few
of their hits, are for the writing alone: cards of whole elements nearly all list eight hits and state a GC content in
steps of 0.005, and a writer that has seen little else copies by distance, not by content, and fails on short sequences
(docs/experiments.md). The activity beside a piece is the whole element's.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.build import make_card
from cistrace.cards.card import Card
from cistrace.cards.json import card_object
from cistrace.cards.known_effects import KnownEffects
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.library import load_library
from cistrace.motifs.scanner import card_scanner
from cistrace.mpra.hits import scan_table
from cistrace.mpra.table import MpraTable
from cistrace.reasonbench.dataset import DataSet
from cistrace.towers.cross_fit import LEGNET, WHOLE
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower
from cistrace.towers.fold_towers import load_fold_towers
from cistrace.traces.grounded import level_of, write
from cistrace.traces.text import render_trace
from cistrace.training.examples import Example, write_examples
from cistrace.training.known_effects import make_known_effects
from cistrace.training.recipe import CardsRecipe
from cistrace.training.run import Run
from cistrace.writers.layout import LayoutName, prompt_of
from cistrace.writers.prompts import LISTED_HITS

log = logging.getLogger(__name__)
BATCH = 256


@dataclass(frozen=True, eq=False)
class Scale:
    """Mean and standard deviation of the training split's activity, per cell type: (cell types,)."""

    location: NDArray[np.float64]
    spread: NDArray[np.float64]

    @staticmethod
    def of(table: MpraTable) -> Scale:
        return Scale(np.nanmean(table.activity, axis=0), np.nanstd(table.activity, axis=0))

    def standardised(self, activity: NDArray[np.floating]) -> NDArray[np.float64]:
        return (activity - self.location) / self.spread


@dataclass(frozen=True, eq=False)
class Maker:
    """What records of one data set share; `cuts` as of a `DataSet`."""

    layout: LayoutName
    known_effects: tuple[KnownEffects, ...]
    scale: Scale
    cuts: NDArray[np.float64]

    def records(
        self, table: MpraTable, rows: Sequence[int], numbers: NDArray[np.int64], hits: Sequence[tuple[MotifHit, ...]],
        towers: Towers, fold: int,
    ) -> Iterator[Example]:  # fmt: skip
        """Examples of the given rows in every measured cell type; `hits` are the rows', `numbers` all elements'.

        `towers` and the known effects are of one fold; those of fold -1 saw all training rows.
        """
        for begin in range(0, len(rows), BATCH):
            block, found = rows[begin : begin + BATCH], hits[begin : begin + BATCH]
            evidence = towers.evidence([table.sequences[row] for row in block], found)
            for at, row in enumerate(block):
                bases, said = table.sequences[row], evidence[at]
                cards = [
                    make_card(bases, cell_type, found[at], said, cell, self.known_effects[fold])
                    for cell, cell_type in enumerate(table.cell_types)
                ]
                yield from self.of_row(table, row, int(numbers[row]), cards, said.estimates)

    def of_row(
        self, table: MpraTable, row: int, number: int, cards: list[Card], estimates: NDArray[np.float32]
    ) -> Iterator[Example]:
        """The records of one sequence."""
        measured, standard = table.activity[row], self.scale.standardised(estimates)
        target = self.scale.standardised(measured)
        for cell, card in enumerate(cards):
            if np.isfinite(measured[cell]):
                prompt, level = prompt_of(self.layout, card), level_of(measured[cell], self.cuts[cell])
                yield Example(
                    number, table.names[row], card.cell_type, card.bases, prompt.shared, prompt.own,
                    render_trace(write(card, self.cuts[cell])), render_trace(write(card, self.cuts[cell], level)),
                    (float(standard[cell]), float(standard.mean())), float(target[cell]), float(measured[cell]), level,
                    json.dumps(card_object(card)) if table.splits[row] == "val" else "",
                )  # fmt: skip


def make_cards(data: DataSet, recipe: CardsRecipe, layout: LayoutName, run: Run, threads: int) -> dict[str, int]:
    """Write RUN/examples-*.jsonl: training sequences and pieces drawn at random, in that order, and val's.

    Returns
    -------
    dict
        How many records each file holds.
    """
    training, library = data.training, load_library()
    numbers = data.rows[data.places("train")]
    hits = scan_table(training.sequences, run.folder / "hits-train.npz", threads)
    every = (hits.of_row(row, library) for row in range(len(training)))
    fold_towers = load_fold_towers(run.folder)
    folds = fold_towers.dealt.folds.take(data.places("train"))
    known = make_known_effects(training, every, folds, library, run.known_effects)
    maker = Maker(layout, known, Scale.of(training), data.cuts)
    random = np.random.default_rng(recipe.seed)
    log.info("%d rows on borders between two folds get no card", int(folds.torn.sum()))
    drawn = random.permutation(np.flatnonzero(~folds.torn))[: recipe.rows]
    fold_of, towers = folds.own, fold_towers.towers
    found = {int(row): hits.of_row(row, library) for row in drawn}
    counts = {"train": _folded(maker, training, numbers, found, fold_of, towers, run, "train")}
    counts["pieces"] = _pieces(maker, training, numbers, drawn, fold_of, towers, recipe, random, run)
    counts["val"] = _val(maker, data, recipe, random, run)
    return counts


def _folded(
    maker: Maker, table: MpraTable, numbers: NDArray[np.int64], hits: dict[int, tuple[MotifHit, ...]],
    fold_of: NDArray[np.int64], towers: Sequence[Towers], run: Run, name: str,
) -> int:  # fmt: skip
    """Records of the rows that `hits` names, in its order, each with the evidence of its own fold's tower."""
    made: dict[int, list[Example]] = {row: [] for row in hits}
    for fold, tower in enumerate(towers):
        mine = [row for row in hits if fold_of[row] == fold]
        place_of = {int(numbers[row]): row for row in mine}
        for record in maker.records(table, mine, numbers, [hits[row] for row in mine], tower, fold):
            made[place_of[record.row]].append(record)
        log.info("%s: cards of fold %d of %d, %d sequences", name, fold + 1, len(towers), len(mine))
    return write_examples(run.examples(name), (record for records in made.values() for record in records))


def _pieces(
    maker: Maker, table: MpraTable, numbers: NDArray[np.int64], drawn: NDArray[np.int64], fold_of: NDArray[np.int64],
    towers: Sequence[Towers], recipe: CardsRecipe, random: np.random.Generator, run: Run,
) -> int:  # fmt: skip
    rows = drawn[: recipe.pieces]
    short = in_pieces(table, rows, random, recipe.shortest_piece)
    found = card_scanner().scan_best([short.sequences[row] for row in rows])
    fewer = {int(row): thin(hits, random) for row, hits in zip(rows, found)}
    return _folded(maker, short, numbers, fewer, fold_of, towers, run, "pieces")


def _val(maker: Maker, data: DataSet, recipe: CardsRecipe, random: np.random.Generator, run: Run) -> int:
    places = data.places_in_training("val")
    rows = np.sort(random.permutation(places)[: recipe.val_rows]).tolist()
    towers = Towers(load_tower(run.tower(LEGNET)), load_tower(run.tower(WHOLE)))
    hits = card_scanner().scan_best([data.table.sequences[row] for row in rows])
    return write_examples(run.examples("val"), maker.records(data.table, rows, data.rows, hits, towers, -1))


def thin(hits: tuple[MotifHit, ...], random: np.random.Generator) -> tuple[MotifHit, ...]:
    """At most as many hits as a prompt lists, any number down to none as likely, drawn at random; order kept."""
    kept = min(len(hits), int(random.integers(0, LISTED_HITS + 1)))
    return tuple(hits[place] for place in sorted(random.choice(len(hits), kept, replace=False)))


def piece(bases: str, random: np.random.Generator, shortest: int) -> str:
    """A stretch of the sequence, every length from the shortest to the whole as likely."""
    length = int(random.integers(min(shortest, len(bases)), len(bases) + 1))
    start = int(random.integers(0, len(bases) - length + 1))
    return bases[start : start + length]


def in_pieces(table: MpraTable, rows: NDArray[np.int64], random: np.random.Generator, shortest: int) -> MpraTable:
    """The table with a piece of every given row in the place of its sequence."""
    sequences = list(table.sequences)
    for row in rows:
        sequences[row] = piece(sequences[row], random, shortest)
    return replace(table, sequences=tuple(sequences))
