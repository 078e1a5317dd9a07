"""From sequences to cards, in blocks: window, scan, ask the evidence model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from cistrace.cards.build import CellSetting, evidence_card, paper_card
from cistrace.cards.card import Card
from cistrace.cards.evidence import EvidenceModel, SequenceEvidence
from cistrace.cards.found import found_motifs
from cistrace.cards.windows import MINIMUM_KNOWN, SequenceWindow, WindowChoice, best_windows, flags, reported_windows
from cistrace.io.dna_sequence import DnaSequence
from cistrace.motifs.scanner import site_scanner

BLOCK = 192  # windows worked on together


@dataclass(frozen=True, eq=False)
class WindowCard:
    """One card and where it came from.

    Attributes
    ----------
    at : SequenceWindow
    flags : tuple of str
        What is unusual about it: see `cards.windows.flags`.
    card : Card
    estimate : float or None
        The model's activity, log2(RNA/DNA), unrounded; None without evidence.
    """

    at: SequenceWindow
    flags: tuple[str, ...]
    card: Card
    estimate: float | None


@dataclass(frozen=True, eq=False)
class WindowCards:
    """The cards of one window in every cell type asked, and the evidence in every cell type the model knows."""

    at: SequenceWindow
    cards: tuple[Card, ...]
    evidence: SequenceEvidence | None


class CardMaker:
    """Makes cards with a model's evidence, or without any, in the paper's layout.

    Parameters
    ----------
    cell_types : tuple of str
        Those that cards can be asked for; with a model, its own.
    window : int
        Longest sequence of one card, bp.
    model : EvidenceModel, optional
    settings : sequence of CellSetting, optional
        Of the model's cell types, in its order; cards have evidence where both are given.
    expressed : frozenset of str, optional
        Human symbols of the factors that the cells express: no other names a site.
    threads : int
        Processes that scan.
    """

    def __init__(
        self,
        cell_types: tuple[str, ...],
        window: int,
        model: EvidenceModel | None = None,
        settings: Sequence[CellSetting] | None = None,
        expressed: frozenset[str] | None = None,
        threads: int = 1,
    ) -> None:
        self.cell_types = cell_types
        self.scanner = site_scanner(threads)
        self.model = model
        self.settings = settings
        self.expressed = expressed
        self.window = window

    def __repr__(self) -> str:
        evidence = "no evidence" if self.model is None else "evidence of a sequence model"
        return f"<CardMaker for {', '.join(self.cell_types)}: {self.window} bp, {evidence}>"

    def cards(
        self, sequences: Iterable[DnaSequence], cell_types: tuple[str, ...], choice: WindowChoice = "best"
    ) -> Iterator[WindowCard]:
        """Cards of every sequence in every cell type, in order.

        Parameters
        ----------
        sequences : iterable of DnaSequence
        cell_types : tuple of str
            Of `CardMaker.cell_types`.
        choice : `best` or `all`
            Of a sequence longer than the window, in each cell type the card of the window in which the model expects
            the highest activity, or one card a window. Without a model nothing ranks windows: all are given.
        """
        every = self.model is None or choice == "all"
        asked = reported_windows(
            sequences, self.window, len(cell_types),
            None if every else lambda sequence: self.choose(sequence, cell_types),
            0 if self.model is None else MINIMUM_KNOWN,
        )  # fmt: skip
        while block := list(islice(asked, BLOCK * len(cell_types))):
            wanted = list(dict.fromkeys(at for at, _ in block))
            cards_at = dict(zip(wanted, self.window_cards(wanted, cell_types), strict=True))
            for at, cell in block:
                yield self.window_card(cards_at[at], cell, cell_types)

    def choose(self, sequence: DnaSequence, cell_types: tuple[str, ...]) -> list[SequenceWindow]:
        """In each of `cell_types` the window of `sequence` in which the model expects the highest activity.

        Raises
        ------
        ValueError
            There is no model.
        """
        model = self.model
        if model is None:
            raise ValueError("choose: the card maker has no model that ranks windows")
        columns = [model.cell_types.index(cell_type) for cell_type in cell_types]
        return best_windows(
            sequence, self.window, len(columns),
            lambda windows: model.estimate([at.bases for at in windows])[:, columns],
        )  # fmt: skip

    def window_cards(self, windows: Sequence[SequenceWindow], cell_types: tuple[str, ...]) -> Iterator[WindowCards]:
        """Cards in all of `cell_types` of the given `windows`, in order; the paper's without a model."""
        bases = [at.bases for at in windows]
        found = [found_motifs(hits, self.expressed) for hits in self.scanner.scan(bases)]
        if self.model is None or self.settings is None:
            for at, motifs in zip(windows, found, strict=True):
                yield WindowCards(at, tuple(paper_card(at.bases, cell, motifs.hits) for cell in cell_types), None)
            return
        columns = [self.model.cell_types.index(cell_type) for cell_type in cell_types]
        evidence = self.model.evidence(bases, [motifs.sites for motifs in found])
        for at, motifs, said in zip(windows, found, evidence, strict=True):
            cards = (evidence_card(at.bases, motifs, said, column, self.settings[column]) for column in columns)
            yield WindowCards(at, tuple(cards), said)

    def window_card(self, window: WindowCards, cell: int, cell_types: tuple[str, ...]) -> WindowCard:
        """One cell type's card of a `window`; `cell` is its place in `cell_types`, those the cards were asked for."""
        card = window.cards[cell]
        estimate = None
        if self.model is not None and window.evidence is not None:
            estimate = float(window.evidence.estimates[self.model.cell_types.index(cell_types[cell])])
        motifs = len(card.hits) + len(card.sites)
        return WindowCard(window.at, flags(window.at, self.window, card.composition, motifs), card, estimate)
