"""From rows of a table to subjects: scan, evidence, card, observed level; in blocks, on all cores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.build import make_card
from cistrace.cards.card import Card
from cistrace.cards.evidence import SequenceEvidence
from cistrace.cards.known_effects import KnownEffects
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
    cuts: NDArray[np.float64]
    levels: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class ElementTask:
    """What one process needs to make the subjects of one sequence.

    Attributes
    ----------
    cells : tuple of int
        Columns to make subjects for.
    hits : tuple of MotifHit or None
        Those of its cards; None where nothing has scanned it yet.
    evidence : SequenceEvidence or None
        In the order of the table's cell types.
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
    hits: tuple[MotifHit, ...] | None
    evidence: SequenceEvidence | None
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
    scanned = iter(scan_best([row.bases for row in rows if row.hits is None]))
    for row in rows:
        hits = next(scanned) if row.hits is None else row.hits
        made += [_subject(row, cell, hits, setting) for cell in row.cells]
    return made


def _subject(row: ElementTask, cell: int, hits: tuple[MotifHit, ...], setting: CardSetting) -> Subject:
    name = setting.cell_types[cell]
    known = setting.known_effects[row.fold] if setting.known_effects else None
    card = make_card(row.bases, name, hits, row.evidence, cell, known, setting.source)
    return Subject(row.row, row.id, row.split, row.activity[cell], row.levels[cell], setting.cuts[cell], card)


class ElementTasks:
    """Rows of a table as processes take them, with the evidence that belongs to each.

    Parameters
    ----------
    evidence : EvidenceTable or None
    own : ndarray, int64, shape (N,), or None
        Of every row, the fold whose known effects its cards have; needed with evidence.
    name : str
        Where the evidence is from, for messages.
    hits : sequence of length N of hits, optional
        Of every row, where the table was scanned already.
    """

    def __init__(
        self,
        observed: LabelledTable,
        evidence: EvidenceTable | None,
        own: NDArray[np.int64] | None,
        name: str,
        hits: Sequence[tuple[MotifHit, ...]] | None = None,
    ) -> None:
        self._observed = observed
        self._evidence = evidence
        self._own = own
        self._hits = hits
        if evidence is not None:
            self._places = evidence.places(observed.table.sequences, name)
            self._columns = evidence.columns(observed.table.cell_types, name)

    def take(self, row: int, cells: Iterable[int]) -> ElementTask:
        """One row, for some of its cell types."""
        seen, table = self._observed, self._observed.table
        evidence = None
        if self._evidence is not None:
            evidence = self._evidence.of_row(int(self._places[row]), self._columns)
        hits = None if self._hits is None else self._hits[row]
        return ElementTask(
            row,
            table.names[row],
            seen.splits[row],
            table.sequences[row],
            tuple(table.activity[row].tolist()),
            tuple(seen.levels[row].tolist()),
            tuple(cells),
            hits,
            evidence,
            -1 if self._own is None else int(self._own[row]),
        )
