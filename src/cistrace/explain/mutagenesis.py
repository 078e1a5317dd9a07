"""Saturation mutagenesis in silico, and attribution: a model asked about every base of a sequence.

Every known letter gives way to the three others, one at a time. A sequence longer than the model's window is read in
the windows that predictions are made from, which overlap by half; each base is asked about in the window in which it
lies farthest from the ends, where the model sees most of what surrounds it. So no base has less than a quarter of a
window on either side, but for the sequence's own ends, and none is asked about twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.windows import Window, most_central, windows
from cistrace.engines.side_by_side import side_by_side
from cistrace.explain.base_effects import BASES, BaseEffects, WindowSum
from cistrace.io.dna_sequence import DnaSequence
from cistrace.towers.evidence import Towers
from cistrace.towers.ledger import Score, checked_scores

SLICE = 64  # sequences that one thread scores at a time: four passes of both strands


@dataclass(frozen=True)
class AskedModel:
    """A sequence model and what is asked of it.

    Attributes
    ----------
    score : callable
        Sequences to activities, (N, columns).
    columns : tuple of int
        Those of the cell types that were asked for.
    cell_types : tuple of str
        Their names.
    window : int or None
        Longest sequence that it reads, bp; None: any.
    towers : Towers or None
        Whose `estimate` the score is; without them nothing is attributed.
    threads : int
        That score side by side; 1 where `score` may not be called from several.
    """

    score: Score
    columns: tuple[int, ...]
    cell_types: tuple[str, ...]
    window: int | None = None
    towers: Towers | None = None
    threads: int = 1


def base_effects(model: AskedModel, sequence: DnaSequence) -> BaseEffects:
    """What every base of one sequence does.

    Raises
    ------
    ModelError
        Scores of another shape than a row a sequence and a column a cell type.
    """
    bases = sequence.bases
    spans = windows(len(bases), model.window or len(bases))
    window_of = most_central(spans, len(bases))
    asked = (part for span, own in _owned(spans, window_of) for part in _slices(_variants(bases, span, own)))
    scores = np.concatenate(list(side_by_side(lambda part: _scored(model, part), asked, model.threads)))
    changes = np.full((len(bases), len(BASES), scores.shape[1]), np.nan, dtype=np.float32)
    activities, at = [], 0
    for _, own in _owned(spans, window_of):
        whole, at = scores[at], at + 1
        activities.append(whole)
        for position in _known(bases, own):
            others = [place for place, letter in enumerate(BASES) if letter != bases[position]]
            changes[position] = 0.0
            changes[position, others] = scores[at : at + len(others)] - whole
            at += len(others)
    contributions, sums = _attributed(model, bases, spans, window_of, np.stack(activities).astype(np.float32))
    columns = list(model.columns)
    return BaseEffects(
        sequence, model.cell_types, changes[:, :, columns],
        None if contributions is None else contributions[:, columns], sums, window_of,
    )  # fmt: skip


def _owned(spans: Sequence[Window], window_of: NDArray[np.intp]) -> Iterator[tuple[Window, NDArray[np.intp]]]:
    """Each window with the bases that are asked about in it."""
    for number, span in enumerate(spans):
        yield span, span.start + np.flatnonzero(window_of[span.start : span.end] == number)


def _known(bases: str, own: NDArray[np.intp]) -> list[int]:
    return [position for position in own.tolist() if bases[position] in BASES]


def _variants(bases: str, span: Window, own: NDArray[np.intp]) -> Iterator[str]:
    """The window, then all that differ from it in one of the bases asked about."""
    yield bases[span.start : span.end]
    for position in _known(bases, own):
        before, after = bases[span.start : position], bases[position + 1 : span.end]
        yield from (before + letter + after for letter in BASES if letter != bases[position])


def _slices(asked: Iterator[str]) -> Iterator[list[str]]:
    several = list(asked)
    yield from (several[begin : begin + SLICE] for begin in range(0, len(several), SLICE))


def _scored(model: AskedModel, sequences: list[str]) -> NDArray[np.floating]:
    columns = len(model.cell_types) if model.towers is None else len(model.towers.cell_types)
    return checked_scores(model.score(sequences), len(sequences), columns)


def _attributed(
    model: AskedModel, bases: str, spans: Sequence[Window], window_of: NDArray[np.intp], activities: NDArray[np.float32]
) -> tuple[NDArray[np.float32] | None, tuple[WindowSum, ...]]:  # fmt: skip
    """Contributions (bases, columns) and the sum of each window."""
    columns, towers = list(model.columns), model.towers
    if towers is None:
        return None, tuple(
            WindowSum(span.start, span.end, activity[columns]) for span, activity in zip(spans, activities, strict=True)
        )

    blank = towers.blank[columns]

    def contributions(at: int) -> NDArray[np.float32]:
        span = spans[at]
        return towers.contributions([bases[span.start : span.end]], activities[at : at + 1])[0]

    found = np.zeros((len(bases), activities.shape[1]), dtype=np.float32)
    sums = []
    for at, one in enumerate(side_by_side(contributions, range(len(spans)), model.threads)):
        span = spans[at]
        own = window_of[span.start : span.end] == at
        found[span.start : span.end][own] = one[own]
        sums.append(WindowSum(span.start, span.end, activities[at, columns], blank, one.sum(axis=0)[columns]))
    return found, tuple(sums)
