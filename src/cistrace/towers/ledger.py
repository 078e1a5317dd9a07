"""Make ledgers: what every site of a sequence is worth to any model that scores sequences.

Sites are taken away one after another, the strongest first, and once more the weakest first; a site's amount is the
mean of what its loss costs in the two. Amounts made so add up to what all sites together are worth, whatever the model:
they are Shapley values (Shapley 1953) sampled at two opposite orders (antithetic, Mitchell et al., JMLR 23:43, 2022).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.ledger import Ledger, SiteAmount
from cistrace.cards.sites import Site
from cistrace.errors import ModelError
from cistrace.towers.fillings import Filling, Place, blanks

Score = Callable[[list[str]], NDArray[np.floating]]
"""Sequences to activities, (N, cell types), log2(RNA/DNA)."""


def ledgers(
    score: Score, cell_types: Sequence[str], sequences: Sequence[str], sites: Sequence[Sequence[Site]],
    fill: Filling = blanks,
) -> list[tuple[Ledger, ...]]:  # fmt: skip
    """A ledger a cell type of every sequence.

    Parameters
    ----------
    score : callable
        Asked twice, each time for about twice as many sequences as there are sites.
    cell_types : sequence of str
        Names of the columns of scores.
    sequences : sequence of str
    sites : sequence of sequences of Site
        Of each sequence; no two may share a base.
    fill : callable
        What takes the place of a site's bases.

    Raises
    ------
    ModelError
        The scores do not have one row a sequence and one column a cell type.
    """
    if not sequences:
        return []
    counts = [len(found) for found in sites]
    places = [Place(bases, one.start, one.end) for bases, found in zip(sequences, sites, strict=True) for one in found]
    filled = iter([_Loss(place.start, place.end, bases) for place, bases in zip(places, fill(places), strict=True)])
    losses = [list(islice(filled, count)) for count in counts]
    single = [loss.of(bases) for bases, lost in zip(sequences, losses, strict=True) for loss in lost]
    first = _checked(score([*sequences, *single]), len(sequences) + len(single), len(cell_types))
    whole, bereft = first[: len(sequences)], np.split(first[len(sequences) :], np.cumsum(counts)[:-1])
    alone = [full - without for full, without in zip(whole, bereft, strict=True)]
    orders = [np.argsort(-np.abs(cost).max(axis=1), kind="stable") if len(cost) else np.zeros(0, int) for cost in alone]
    steps = [
        _without(bases, [lost[at] for at in way])
        for bases, lost, order in zip(sequences, losses, orders, strict=True)
        for way in (order, order[::-1])
    ]
    asked = [step for way in steps for step in way]
    scored = _checked(score(asked), len(asked), len(cell_types)) if asked else first[:0]
    ways = np.split(scored, np.cumsum([len(way) for way in steps])[:-1])
    return [
        _ledgers(cell_types, found, whole[row], alone[row], orders[row], ways[2 * row], ways[2 * row + 1])
        for row, found in enumerate(sites)
    ]


def _checked(scores: NDArray[np.floating], rows: int, columns: int) -> NDArray[np.float64]:
    found = np.asarray(scores, dtype=np.float64)
    if found.shape != (rows, columns):
        raise ModelError(
            f"model: found scores of shape {found.shape} for {rows} sequences, expected ({rows}, {columns}), "
            "a row a sequence and a column a cell type; let it return these"
        )
    return found


@dataclass(frozen=True, slots=True)
class _Loss:
    """A site's place, and what stands there when it is taken away."""

    start: int
    end: int
    filling: str

    def of(self, bases: str) -> str:
        return bases[: self.start] + self.filling + bases[self.end :]


def _without(bases: str, order: Sequence[_Loss]) -> list[str]:
    """The sequence after the loss of one site, of two, and so on to all of them."""
    return list(accumulate(order, lambda left, loss: loss.of(left), initial=bases))[1:]


def _ledgers(
    cell_types: Sequence[str], sites: Sequence[Site], whole: NDArray[np.float64], alone: NDArray[np.float64],
    order: NDArray[np.intp], strongest_first: NDArray[np.float64], weakest_first: NDArray[np.float64],
) -> tuple[Ledger, ...]:  # fmt: skip
    amounts = np.zeros_like(alone)
    for way, left in ((order, strongest_first), (order[::-1], weakest_first)):
        before = np.concatenate([whole[None], left])
        amounts[way] += (before[:-1] - before[1:]) / 2
    backdrop = whole - amounts.sum(axis=0)
    return tuple(
        Ledger(
            cell,
            float(backdrop[column]),
            tuple(
                SiteAmount(sites[at], float(amounts[at, column]), float(alone[at, column]))
                for at in np.argsort(-np.abs(amounts[:, column]), kind="stable")
            ),
            float(whole[column]),
        )
        for column, cell in enumerate(cell_types)
    )
