"""Cards of training rows and their grounded traces.

Where towers were cross-fitted, a row's evidence and known effects are of its own fold, whose fits never saw its
chromosome nor a relative: a head that learns from measured activity must not read it off the evidence. Where they were
not (`tower.folds: 0`), nothing is regressed on the cards, and all evidence is of the towers that saw every training
row.

Val rows have the evidence that a new sequence gets. Pieces of elements, with names and amounts that are drawn, are for
the writing alone (`training.pieces`); the activity beside a piece is the whole element's.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.backdrop import CompositionLine, fit_line, write_lines
from cistrace.cards.build import CellSetting, evidence_card
from cistrace.cards.card import Card
from cistrace.cards.composition import composition
from cistrace.cards.evidence import SequenceEvidence
from cistrace.cards.found import FoundMotifs, found_motifs
from cistrace.cards.json import card_object
from cistrace.cards.known_effects import KnownEffects
from cistrace.motifs.library import load_library
from cistrace.motifs.scanner import site_scanner
from cistrace.mpra.dealt_rows import DEALT_ROWS, read_dealt_rows
from cistrace.mpra.folds import Folds
from cistrace.mpra.hits import scan_table
from cistrace.mpra.table import MpraTable
from cistrace.reasonbench.dataset import DataSet
from cistrace.towers.cross_fit import WHOLE
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower
from cistrace.towers.fold_towers import load_fold_towers
from cistrace.traces.grounded import level_of, write
from cistrace.traces.text import render_trace
from cistrace.training.examples import Example, write_examples
from cistrace.training.known_effects import make_known_effects
from cistrace.training.pieces import lent, redrawn, stretches, thin
from cistrace.training.recipe import Recipe
from cistrace.training.run import Run
from cistrace.training.towers import estimator_of
from cistrace.writers.layout import LayoutName, prompt_of
from cistrace.writers.vocabulary import VocabularyNames

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
class Said:
    """What is known of one sequence before its cards are made.

    Attributes
    ----------
    row : int
        In its table.
    fold : int
        Whose fits speak of it; -1 for those that saw all training rows.
    found : tuple of FoundMotifs
        One a cell type: the same, but of pieces.
    """

    row: int
    fold: int
    found: tuple[FoundMotifs, ...]
    evidence: SequenceEvidence


@dataclass(frozen=True, eq=False)
class Speakers:
    """Who speaks of which row: `towers` one a fold, or one for all; `own`, int64 (training rows,), the fold of each."""

    towers: tuple[Towers, ...]
    own: NDArray[np.int64]

    def of(self, fold: int) -> Towers:
        """The towers of a fold."""
        return self.towers[fold] if len(self.towers) > 1 else self.towers[0]


@dataclass(frozen=True, eq=False)
class Maker:
    """What examples of one data set share; `cuts` as of a `DataSet`, `lines` one a cell type."""

    layout: LayoutName
    known_effects: tuple[KnownEffects, ...]
    scale: Scale
    cuts: NDArray[np.float64]
    lines: tuple[CompositionLine, ...]

    def examples(self, table: MpraTable, said: Iterable[Said], numbers: NDArray[np.int64]) -> Iterator[Example]:
        """Examples of rows of a table in every measured cell type; `numbers` are the rows' among all elements."""
        for one in said:
            cards = [
                evidence_card(table.sequences[one.row], found, one.evidence, cell, self._setting(table, one, cell))
                for cell, found in enumerate(one.found)
            ]
            yield from self._of_row(table, one, int(numbers[one.row]), cards)

    def _setting(self, table: MpraTable, one: Said, cell: int) -> CellSetting:
        name = table.cell_types[cell]
        cuts = tuple(self.cuts[cell].tolist())
        return CellSetting(name, self.known_effects[one.fold].of(name), self.lines[cell], partial(level_of, cuts=cuts))

    def _of_row(self, table: MpraTable, one: Said, number: int, cards: list[Card]) -> Iterator[Example]:
        measured = table.activity[one.row]
        standard, target = self.scale.standardised(one.evidence.estimates), self.scale.standardised(measured)
        for cell, card in enumerate(cards):
            if np.isfinite(measured[cell]):
                prompt, level = prompt_of(self.layout, card), level_of(measured[cell], self.cuts[cell])
                yield Example(
                    number, table.names[one.row], card.cell_type, card.bases, prompt.shared, prompt.own,
                    render_trace(write(card)), render_trace(write(card, level)),
                    (float(standard[cell]), float(standard.mean())), float(target[cell]), float(measured[cell]), level,
                    json.dumps(card_object(card)) if table.splits[one.row] == "val" else "",
                )  # fmt: skip


def make_cards(data: DataSet, recipe: Recipe, run: Run, threads: int) -> dict[str, int]:
    """Write RUN/examples-*.jsonl: training sequences and pieces drawn at random, in that order, and val's.

    Returns
    -------
    dict
        How many examples each file holds.
    """
    training, library, numbers = data.training, load_library(), data.rows[data.places("train")]
    hits = scan_table(training.sequences, run.folder / "hits-train.npz", threads)
    folds = read_dealt_rows(run.folder / DEALT_ROWS).folds.take(data.places("train"))
    every = (hits.of_row(row, library) for row in range(len(training)))
    known = make_known_effects(training, every, folds, library, run.known_effects)
    speakers = _speakers(run, recipe, folds)
    random = np.random.default_rng(recipe.cards.seed)
    log.info("%d rows on borders between two folds get no card", int(folds.torn.sum()))
    order = random.permutation(np.flatnonzero(~folds.torn))
    drawn, shortened = order[: recipe.cards.rows], order[: recipe.cards.pieces]
    said = _say(training, drawn, speakers, "train")
    lines = _lines(training, said)
    write_lines(run.backdrop, dict(zip(training.cell_types, lines, strict=True)))
    maker = Maker(recipe.model.layout, known, Scale.of(training), data.cuts, lines)
    counts = {"train": write_examples(run.examples("train"), maker.examples(training, said, numbers))}
    short = stretches(training, shortened, random, recipe.cards.shortest_piece)
    pieces = _unforeseen(short, shortened, said, random)
    counts["pieces"] = write_examples(run.examples("pieces"), maker.examples(short, pieces, numbers))
    rows = np.sort(random.permutation(data.places_in_training("val"))[: recipe.cards.val_rows])
    val = _say(data.table, rows, Speakers((_whole(run, recipe),), np.full(len(data.table), -1)), "val")
    counts["val"] = write_examples(run.examples("val"), maker.examples(data.table, val, data.rows))
    return counts


def _speakers(run: Run, recipe: Recipe, dealt: Folds) -> Speakers:
    if recipe.tower.folds:
        return Speakers(load_fold_towers(run.folder).towers, dealt.own)
    return Speakers((_whole(run, recipe),), np.full(len(dealt.own), -1))


def _whole(run: Run, recipe: Recipe) -> Towers:
    """The towers that saw all training rows: those of new sequences."""
    return Towers(load_tower(estimator_of(run, recipe)), load_tower(run.tower(WHOLE)))


def _say(table: MpraTable, rows: NDArray[np.int64], speakers: Speakers, name: str) -> list[Said]:
    """What the towers that may say of rows, in their order."""
    found = _found(table, rows)
    made: dict[int, Said] = {}
    for fold in np.unique(speakers.own[rows]).tolist():
        mine = [row for row in rows.tolist() if speakers.own[row] == fold]
        for begin in range(0, len(mine), BATCH):
            block = mine[begin : begin + BATCH]
            evidence = speakers.of(fold).evidence(
                [table.sequences[row] for row in block], [found[row].sites for row in block]
            )
            everywhere = len(table.cell_types)
            made |= {
                row: Said(row, fold, (found[row],) * everywhere, one) for row, one in zip(block, evidence, strict=True)
            }
            log.info("%s: evidence of %d of %d sequences", name, len(made), len(rows))
    return [made[row] for row in rows.tolist()]


def _found(table: MpraTable, rows: NDArray[np.int64]) -> dict[int, FoundMotifs]:
    hits = site_scanner().scan([table.sequences[row] for row in rows])
    return dict(zip(rows.tolist(), map(found_motifs, hits), strict=True))


def _unforeseen(
    table: MpraTable, rows: NDArray[np.int64], said: list[Said], random: np.random.Generator
) -> list[Said]:  # fmt: skip
    """Cards of stretches, of which everything is drawn: see `training.pieces`."""
    names = VocabularyNames.of(load_library(), table.cell_types, 0).sites
    lenders = [one.evidence for one in said]
    result = []
    for row, motifs in _found(table, rows).items():
        sites, bases = thin(motifs.sites, random), len(table.sequences[row])
        found = tuple(replace(motifs, sites=redrawn(sites, bases, names, random)) for _ in table.cell_types)
        # Known effects of any fold will do: nothing is regressed on these cards.
        result.append(Said(row, said[0].fold, found, lent(len(sites), lenders, random)))
    return result


def _lines(table: MpraTable, said: list[Said]) -> tuple[CompositionLine, ...]:
    return fit_line(
        [composition(table.sequences[one.row]) for one in said], np.stack([one.evidence.backdrops for one in said])
    )
