"""Make ledgers: what every site of a sequence is worth to any model that scores sequences.

Sites are taken away one after another, the strongest first, and once more the weakest first; a site's amount is the
mean of what its loss costs in the two. Amounts made so add up to what all sites together are worth, whatever the model:
they are Shapley values (Shapley 1953) sampled at two opposite orders (antithetic, Mitchell et al., JMLR 23:43, 2022).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
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
        Asked twice, in all for about three times as many sequences as there are sites, none of them twice.
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
    places = [Place(bases, one.start, one.end) for bases, found in zip(sequences, sites, strict=True) for one in found]
    filled = iter(list(zip(places, fill(places), strict=True)))
    losses = [list(islice(filled, len(found))) for found in sites]
    known: dict[str, NDArray[np.float64]] = {}
    single = [place.filled(filling) for lost in losses for place, filling in lost]
    _score_new(known, score, [*sequences, *single], len(cell_types))
    whole = [known[bases] for bases in sequences]
    alone = [
        np.array([full - known[place.filled(filling)] for place, filling in lost]).reshape(-1, len(cell_types))
        for full, lost in zip(whole, losses, strict=True)
    ]
    orders = [np.argsort(-np.abs(cost).max(axis=1), kind="stable") for cost in alone]
    ways = [
        [_without(bases, [lost[at] for at in way]) for way in (order, order[::-1])]
        for bases, lost, order in zip(sequences, losses, orders, strict=True)
    ]
    _score_new(known, score, [bases for both in ways for way in both for bases in way], len(cell_types))
    return [
        _ledgers(
            cell_types, found, alone[row], orders[row], *(np.stack([known[one] for one in way]) for way in ways[row])
        )
        for row, found in enumerate(sites)
    ]


def _score_new(known: dict[str, NDArray[np.float64]], score: Score, sequences: list[str], columns: int) -> None:
    """Score what has no score yet, each sequence once."""
    asked = [bases for bases in dict.fromkeys(sequences) if bases not in known]
    if asked:
        known |= zip(asked, checked_scores(score(asked), len(asked), columns), strict=True)


def checked_scores(scores: NDArray[np.floating], rows: int, columns: int) -> NDArray[np.float64]:
    """Scores as float64.

    Raises
    ------
    ModelError
        They have another shape than (rows, columns).
    """
    found = np.asarray(scores, dtype=np.float64)
    if found.shape != (rows, columns):
        raise ModelError(
            f"model: found scores of shape {found.shape} for {rows} sequences, expected ({rows}, {columns}), "
            "a row a sequence and a column a cell type; let it return these"
        )
    return found


def _without(bases: str, order: Sequence[tuple[Place, str]]) -> list[str]:
    """The sequence, and what it is after the loss of one site, of two, and so on to all of them."""
    return list(accumulate(order, lambda left, loss: replace(loss[0], bases=left).filled(loss[1]), initial=bases))


def _ledgers(
    cell_types: Sequence[str], sites: Sequence[Site], alone: NDArray[np.float64], order: NDArray[np.intp],
    strongest_first: NDArray[np.float64], weakest_first: NDArray[np.float64],
) -> tuple[Ledger, ...]:  # fmt: skip
    amounts = np.zeros_like(alone)
    for way, left in ((order, strongest_first), (order[::-1], weakest_first)):
        amounts[way] += (left[:-1] - left[1:]) / 2
    whole = strongest_first[0]
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
