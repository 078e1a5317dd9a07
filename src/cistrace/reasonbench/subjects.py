"""From rows of a table to subjects: scan, evidence, card, observed level; in blocks, on all cores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from cistrace.cards.build import build_card, paper_card
from cistrace.cards.card import Card
from cistrace.cards.known_effects import KnownEffects
from cistrace.errors import DataError
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.scanner import Scanner, card_scanner
from cistrace.mpra.evidence_table import EvidenceTable
from cistrace.mpra.table import MpraTable

BLOCK = 128  # rows worked on together


@dataclass(frozen=True, eq=False)
class LabelledTable:
    """A table with a split and a level for every measurement.

    Attributes
    ----------
    splits : tuple of str, length N
        Empty for rows that are left out.
    cuts : ndarray, float64, shape (cell types, 3)
    levels : ndarray, int8, shape (N, cell types)
        -1 where nothing was measured.
    """

    table: MpraTable
    splits: tuple[str, ...]
    cuts: np.ndarray
    levels: np.ndarray


@dataclass(frozen=True, slots=True)
class ElementTask:
    """What one process needs to make the subjects of one sequence.

    Attributes
    ----------
    cells : tuple of int
        Columns to make subjects for.
    estimates : ndarray (cell types,), contributions : ndarray (hits, cell types), or None
        In the order of the table's cell types; None without evidence.
    """

    row: int
    id: str
    split: str
    bases: str
    activity: tuple[float, ...]
    levels: tuple[int, ...]
    cells: tuple[int, ...]
    estimates: np.ndarray | None
    contributions: np.ndarray | None


@dataclass(frozen=True, slots=True)
class Subject:
    """One sequence in one cell type, to be reasoned about.

    Attributes
    ----------
    row : int
        Place in the table, from 0: with the cell type, the order of the data set.
    activity : float
        As measured, in the table's units.
    level : int
        0-3, observed.
    cuts : three floats
        Cut points between the levels, in the table's units.
    """

    row: int
    id: str
    split: str
    activity: float
    level: int
    cuts: tuple[float, float, float]
    card: Card


@dataclass(frozen=True, eq=False)
class CardSetting:
    """What is the same for all rows.

    Attributes
    ----------
    cuts : tuple of (three floats), one a cell type
    knowledge : KnownEffects or None
        None gives the paper's cards.
    source : str
        What a card calls its evidence.
    """

    cell_types: tuple[str, ...]
    cuts: tuple[tuple[float, float, float], ...]
    knowledge: KnownEffects | None
    source: str


@lru_cache(maxsize=1)
def scanner() -> Scanner:
    """JASPAR at FIMO's background, one thread: one a process."""
    return card_scanner()


def scan_best(sequences: Sequence[str]) -> list[tuple[MotifHit, ...]]:
    """Hits of every sequence, the best of a family where they overlap, by falling score."""
    return scanner().scan_best(list(sequences))


def subjects(rows: Sequence[ElementTask], setting: CardSetting) -> list[Subject]:
    """The subjects of some rows, in their order, each in the cell types asked of it."""
    made = []
    for row, hits in zip(rows, scan_best([row.bases for row in rows]), strict=True):
        made += [_subject(row, cell, hits, setting) for cell in row.cells]
    return made


def _subject(row: ElementTask, cell: int, hits: tuple[MotifHit, ...], setting: CardSetting) -> Subject:
    card = _card(row, cell, hits, setting)
    return Subject(row.row, row.id, row.split, row.activity[cell], row.levels[cell], setting.cuts[cell], card)


def _card(row: ElementTask, cell: int, hits: tuple[MotifHit, ...], setting: CardSetting) -> Card:
    name = setting.cell_types[cell]
    if row.estimates is None or row.contributions is None or setting.knowledge is None:
        return paper_card(row.bases, name, hits)
    values = row.contributions[:, cell].tolist()
    if len(values) != len(hits):
        raise DataError(
            f"evidence of {row.id!r}: found {len(values)} contributions, expected {len(hits)}, one a hit; it was made "
            "with another motif library or scanner; make it again"
        )
    evident = [replace(hit, contribution=value) for hit, value in zip(hits, values, strict=True)]
    known = setting.knowledge.of(name)
    return build_card(row.bases, name, evident, known, float(row.estimates[cell]), setting.source)


class ElementTasks:
    """Rows of a table as processes take them, with the evidence that belongs to each."""

    def __init__(self, observed: LabelledTable, evidence: EvidenceTable | None, name: str) -> None:
        self._observed = observed
        self._evidence = evidence
        if evidence is not None:
            self._places = evidence.places(observed.table.sequences, name)
            self._columns = evidence.columns(observed.table.cell_types, name)

    def take(self, row: int, cells: Iterable[int]) -> ElementTask:
        """One row, for some of its cell types."""
        seen, table = self._observed, self._observed.table
        estimates = contributions = None
        if self._evidence is not None:
            place = int(self._places[row])
            estimates = self._evidence.estimates[place][self._columns]
            lost = self._evidence.contributions[self._evidence.first[place] : self._evidence.first[place + 1]]
            contributions = lost[:, self._columns]
        return ElementTask(
            row,
            table.names[row],
            seen.splits[row],
            table.sequences[row],
            tuple(table.activity[row].tolist()),
            tuple(seen.levels[row].tolist()),
            tuple(cells),
            estimates,
            contributions,
        )
