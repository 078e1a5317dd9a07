"""From rows of a table to subjects: scan, evidence, card, observed level; in blocks, on all cores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.backdrop import CompositionLine
from cistrace.cards.build import CellSetting, evidence_card, paper_card
from cistrace.cards.card import Card
from cistrace.cards.evidence import SequenceEvidence
from cistrace.cards.found import FoundMotifs, found_motifs, listed_hits
from cistrace.cards.known_effects import KnownEffects
from cistrace.engines.stage import Stage
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.scanner import Scanner, site_scanner
from cistrace.mpra.evidence_table import EvidenceTable
from cistrace.mpra.table import MpraTable
from cistrace.traces.grounded import level_of

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
    cuts: NDArray[np.float64]
    levels: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class ElementTask:
    """What one process needs to make the subjects of one sequence.

    Attributes
    ----------
    cells : tuple of int
        Columns to make subjects for.
    evidence : SequenceEvidence or None
        In the order of the table's cell types.
    lines : tuple of CompositionLine
        What composition foretells of the row's backdrop, in the order of the table's cell types; none without evidence.
    fold : int
        Whose known effects go on the row's cards: a fold that saw neither it nor a relative, -1 for the last.
    """

    row: int
    id: str
    split: str
    bases: str
    activity: tuple[float, ...]
    levels: tuple[int, ...]
    cells: tuple[int, ...]
    evidence: SequenceEvidence | None
    lines: tuple[CompositionLine, ...]
    fold: int


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
    known_effects : tuple of KnownEffects
        One a fold, then those of all training rows; none gives the paper's cards.
    source : str
        What a card calls its evidence.
    """

    cell_types: tuple[str, ...]
    cuts: tuple[tuple[float, float, float], ...]
    known_effects: tuple[KnownEffects, ...]
    source: str

    def of_cell(self, cell: int, row: ElementTask) -> CellSetting:
        """What the evidence card of a row needs in one cell type beside its evidence; `cell` is its column."""
        name = self.cell_types[cell]
        known, level = self.known_effects[row.fold].of(name), partial(level_of, cuts=self.cuts[cell])
        return CellSetting(name, known, row.lines[cell], level)


@lru_cache(maxsize=1)
def scanner() -> Scanner:
    """JASPAR at FIMO's background, as sites need it, one thread: one a process."""
    return site_scanner()


def scan_listed(sequences: Sequence[str]) -> list[tuple[MotifHit, ...]]:
    """Hits of every sequence that its card lists: see `listed_hits`."""
    return [listed_hits(hits) for hits in scanner().scan(list(sequences))]


@dataclass(frozen=True, eq=False)
class HitStage(Stage[list[str], tuple[MotifHit, ...], Scanner]):
    """Sequences to the hits of each: see `scan_listed`."""

    def open(self) -> Scanner:
        return scanner()

    def work(self, task: list[str]) -> list[tuple[MotifHit, ...]]:
        return scan_listed(task)


def subjects(rows: Sequence[ElementTask], setting: CardSetting) -> list[Subject]:
    """The subjects of some rows, in their order, each in the cell types asked of it."""
    made = []
    for row, hits in zip(rows, scanner().scan([row.bases for row in rows]), strict=True):
        found = found_motifs(hits)
        made += [_subject(row, cell, found, setting) for cell in row.cells]
    return made


def _subject(row: ElementTask, cell: int, found: FoundMotifs, setting: CardSetting) -> Subject:
    if row.evidence is None:
        card = paper_card(row.bases, setting.cell_types[cell], found.hits)
    else:
        card = evidence_card(row.bases, found, row.evidence, cell, setting.of_cell(cell, row), setting.source)
    return Subject(row.row, row.id, row.split, row.activity[cell], row.levels[cell], setting.cuts[cell], card)


@dataclass(frozen=True, eq=False)
class SubjectStage(Stage[list[ElementTask], Subject, Scanner]):
    """Rows to their subjects."""

    setting: CardSetting

    def open(self) -> Scanner:
        return scanner()

    def work(self, task: list[ElementTask]) -> list[Subject]:
        return subjects(task, self.setting)


class ElementTasks:
    """Rows of a table as processes take them, with the evidence that belongs to each.

    Parameters
    ----------
    evidence : EvidenceTable or None
    own : ndarray, int64, shape (N,), or None
        Of every row, the fold whose known effects its cards have; needed with evidence.
    name : str
        Where the evidence is from, for messages.
    """

    def __init__(
        self,
        observed: LabelledTable,
        evidence: EvidenceTable | None,
        own: NDArray[np.int64] | None,
        name: str,
    ) -> None:
        self._observed = observed
        self._evidence = evidence
        self._own = own
        if evidence is not None:
            self._places = evidence.places(observed.table.sequences, name)
            self._columns = evidence.columns(observed.table.cell_types, name)

    def take(self, row: int, cells: Iterable[int]) -> ElementTask:
        """One row, for some of its cell types."""
        seen, table = self._observed, self._observed.table
        evidence: SequenceEvidence | None = None
        lines: tuple[CompositionLine, ...] = ()
        if self._evidence is not None:
            place = int(self._places[row])
            evidence = self._evidence.of_row(place, self._columns)
            lines = self._evidence.lines_of_row(place, self._columns)
        return ElementTask(
            row,
            table.names[row],
            seen.splits[row],
            table.sequences[row],
            tuple(table.activity[row].tolist()),
            tuple(seen.levels[row].tolist()),
            tuple(cells),
            evidence,
            lines,
            -1 if self._own is None else int(self._own[row]),
        )
