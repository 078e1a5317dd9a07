"""From sequences to cards, in blocks: window, scan, keep the best of a family, ask the towers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cistrace.cards.build import build_card, paper_card
from cistrace.cards.card import Card
from cistrace.cards.known_effects import KnownEffects
from cistrace.cards.windows import Window, flags, readable, windows
from cistrace.checkpoints.schema import read_config, shipped_checkpoint
from cistrace.io.dna_sequence import DnaSequence
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.scanner import card_scanner

if TYPE_CHECKING:
    from cistrace.towers.evidence import Towers

BLOCK = 192  # sequences worked on together


@dataclass(frozen=True, eq=False)
class WindowCard:
    """One card and where it came from. `estimate` is the towers' unrounded activity, None without evidence."""

    sequence: DnaSequence
    window: Window
    flags: tuple[str, ...]
    card: Card
    estimate: float | None


@dataclass(frozen=True, eq=False)
class WindowCards:
    """The cards of one window in every cell type asked, and the towers' activity in every cell type they know."""

    sequence: DnaSequence
    window: Window
    cards: tuple[Card, ...]
    estimates: np.ndarray


class CardMaker:
    """Makes cards with the towers' evidence, or without any, in the paper's layout.

    Parameters
    ----------
    cell_types : tuple of str
        Those the checkpoint knows.
    window : int
        The checkpoint's window, bp.
    towers, knowledge : Towers and KnownEffects, or None
        From a checkpoint; both None gives the paper's cards.
    threads : int
        Processes that scan.
    """

    def __init__(
        self,
        cell_types: tuple[str, ...],
        window: int,
        towers: Towers | None = None,
        knowledge: KnownEffects | None = None,
        threads: int = 1,
    ) -> None:
        self.cell_types = cell_types
        self.scanner = card_scanner(threads)
        self.towers = towers
        self.knowledge = knowledge
        self.window = window

    def cards(self, sequences: Iterable[DnaSequence], cell_types: tuple[str, ...]) -> Iterator[WindowCard]:
        """Cards of every sequence in every cell type, in order.

        A sequence longer than the window gives, in each cell type, the card of the window in which the
        towers expect the highest activity; without evidence, of every window.
        """
        stream = iter(sequences)
        while block := list(islice(stream, BLOCK)):
            if self.towers is None or self.knowledge is None:
                yield from self._paper(block, cell_types)
                continue
            chosen = self.choose(block, cell_types)
            wanted = list(dict.fromkeys(pair for row in chosen for pair in row))
            described = dict(zip(wanted, self.describe(block, wanted, cell_types), strict=True))
            for row in chosen:
                for cell, pair in enumerate(row):
                    yield self.made(described[pair], cell, cell_types)

    def made(self, described: WindowCards, cell: int, cell_types: tuple[str, ...]) -> WindowCard:
        """One cell type's card out of a described window."""
        card = described.cards[cell]
        marks = flags(described.sequence, described.window, self.window, card.composition, len(card.hits))
        place = self.cell_types.index(cell_types[cell])
        estimate = None if self.towers is None else float(described.estimates[place])
        return WindowCard(described.sequence, described.window, marks, card, estimate)

    def choose(self, block: list[DnaSequence], cell_types: tuple[str, ...]) -> list[list[tuple[int, Window]]]:
        """For every sequence and cell type its place in the block and its window."""
        assert self.towers is not None
        columns = [self.towers.cell_types.index(cell_type) for cell_type in cell_types]
        chosen = []
        for at, sequence in enumerate(block):
            tiles = windows(len(sequence.bases), self.window)
            best = [0] * len(columns)
            if len(tiles) > 1:
                places = readable(sequence.bases, tiles)
                estimates = self.towers.estimate([sequence.bases[tiles[at].start : tiles[at].end] for at in places])
                best = [places[int(place)] for place in estimates[:, columns].argmax(axis=0)]
            chosen.append([(at, tiles[place]) for place in best])
        return chosen

    def describe(
        self, block: list[DnaSequence], wanted: list[tuple[int, Window]], cell_types: tuple[str, ...]
    ) -> Iterator[WindowCards]:
        """Cards in all the given cell types of the wanted windows, in order; the paper's without towers."""
        bases = [block[at].bases[window.start : window.end] for at, window in wanted]
        if self.towers is None or self.knowledge is None:
            blank = np.zeros(len(self.cell_types), dtype=np.float32)
            for (at, window), piece, found in zip(wanted, bases, self.scanner.scan(bases)):
                plain = tuple(paper_card(piece, cell_type, found) for cell_type in cell_types)
                yield WindowCards(block[at], window, plain, blank)
            return
        hits = self.scanner.scan_best(bases)
        evidence = self.towers.evidence(bases, hits)
        columns = [self.towers.cell_types.index(cell_type) for cell_type in cell_types]
        for place, (at, window) in enumerate(wanted):
            estimates, lost = evidence.estimates[place], evidence.contributions[place]
            cards = [
                build_card(
                    bases[place], cell_type, _with(hits[place], lost[:, column]),
                    self.knowledge.of(cell_type), float(estimates[column]),
                )
                for cell_type, column in zip(cell_types, columns, strict=True)
            ]  # fmt: skip
            yield WindowCards(block[at], window, tuple(cards), estimates)

    def _paper(self, block: list[DnaSequence], cell_types: tuple[str, ...]) -> Iterator[WindowCard]:
        for sequence in block:
            for window in windows(len(sequence.bases), self.window):
                bases = sequence.bases[window.start : window.end]
                (hits,) = self.scanner.scan([bases])
                for cell_type in cell_types:
                    card = paper_card(bases, cell_type, hits)
                    marks = flags(sequence, window, self.window, card.composition, len(card.hits))
                    yield WindowCard(sequence, window, marks, card, None)


def open_card_maker(evidence: str = "tower", checkpoint: Path | None = None, threads: int = 1) -> CardMaker:
    """A card maker from a checkpoint's folder, the shipped one unless given.

    Parameters
    ----------
    evidence : str
        `tower`, or `none` for the paper's layout, which loads no weights.
    """
    if evidence == "none":
        plain = read_config(checkpoint or shipped_checkpoint())
        return CardMaker(tuple(plain["cell_types"]), int(plain["window"]), threads=threads)
    from cistrace.checkpoints.load import load_checkpoint  # brings torch along

    loaded = load_checkpoint(checkpoint)
    return CardMaker(loaded.cell_types, loaded.window, loaded.towers, loaded.knowledge, threads)


def _with(hits: tuple[MotifHit, ...], contributions: np.ndarray) -> list[MotifHit]:
    return [replace(hit, contribution=float(value)) for hit, value in zip(hits, contributions, strict=True)]
