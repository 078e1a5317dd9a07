"""Scores as sums over sites: what `towers.ledger` tells of any model, at the price that a prediction can pay.

The sites of most weight by a first look have an amount of their own; all others of a sequence are taken away together,
as one. On the given strand they leave one after another, the weightiest first; on the other strand the weightiest
leaves last. A site's amount is the mean of what its loss costs in the two. The score is the mean of both strands, so
that backdrop and amounts add up to it; each strand is asked for one order alone, at half the price of both for both
(r 0.98 with the amounts made so, docs/experiments.md). What the two weightiest cost together, on the given strand,
against one by one is their interplay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.evidence import MOST_TOLD, SequenceEvidence
from cistrace.cards.sites import Site

BLANK = "N"

StrandScore = Callable[[list[str]], NDArray[np.float32]]
"""Sequences, as the given strand has them, to activities read from one strand: (N, cell types), log2(RNA/DNA)."""


@dataclass(frozen=True, eq=False)
class _Variants:
    """What is scored of one sequence.

    Attributes
    ----------
    told : tuple of int
        Places of sites, the weightiest first.
    given : tuple of str
        The sequence; then, for K losses (each site told, then all others), it with the first gone, the first two, ...
        all; then, where there are two told, with the second alone gone.
    other : tuple of str
        The sequence; then it with the last gone, the last two, ... all.
    """

    told: tuple[int, ...]
    losses: int
    given: tuple[str, ...]
    other: tuple[str, ...]


def site_evidence(
    given: StrandScore, other: StrandScore, sequences: Sequence[str], sites: Sequence[Sequence[Site]],
    weights: Sequence[NDArray[np.floating]], whole: NDArray[np.float32] | None = None,
) -> list[SequenceEvidence]:  # fmt: skip
    """Evidence of every sequence.

    Parameters
    ----------
    given, other : callable
        What a model that reads N as nothing makes of sequences from either strand; its score is the mean. Each is asked
        once, for at most 10 sequences for each.
    sites : sequence of sequences of Site
        Of each sequence; no two may share a base.
    weights : sequence of ndarray, float, shape (sites,)
        Of each sequence: how much each site seems to be worth, in any unit, without sign.
    whole : ndarray, float32, shape (2, N, cell types), optional
        What `given` and `other` say of the sequences as they are, which they are not asked again then.
    """
    asked = [_variants(*one) for one in zip(sequences, sites, weights, strict=True)]
    if not asked:
        return []
    known_first, known_last = (None, None) if whole is None else whole
    first = _by_sequence(given, [one.given for one in asked], known_first)
    last = _by_sequence(other, [one.other for one in asked], known_last)
    return [_evidence(*one) for one in zip(asked, first, last, strict=True)]


def _by_sequence(
    score: StrandScore, wanted: list[tuple[str, ...]], whole: NDArray[np.float32] | None
) -> list[NDArray[np.float32]]:
    """Scores of what is wanted of each sequence, (variants, cell types) each; `whole`: of the first of each."""
    if whole is not None:
        rest = _by_sequence(score, [one[1:] for one in wanted], None)
        return [np.concatenate([row[None], one]) for row, one in zip(whole, rest, strict=True)]
    scores = score([bases for one in wanted for bases in one])
    return np.split(scores, np.cumsum([len(one) for one in wanted])[:-1])


def _variants(bases: str, sites: Sequence[Site], weights: NDArray[np.floating]) -> _Variants:
    order = np.argsort(-np.asarray(weights), kind="stable").tolist()
    told, others = order[:MOST_TOLD], sorted(order[MOST_TOLD:])
    losses = [(sites[at],) for at in told] + ([tuple(sites[at] for at in others)] if others else [])
    given = list(accumulate(losses, _without, initial=bases))
    other = list(accumulate(reversed(losses), _without, initial=bases))
    second = [_without(bases, losses[1])] if len(told) > 1 else []
    return _Variants(tuple(told), len(losses), (*given, *second), tuple(other))


def _without(bases: str, sites: Sequence[Site]) -> str:
    """The sequence with blanks for the bases of some sites."""
    for site in sites:
        bases = bases[: site.start] + BLANK * (site.end - site.start) + bases[site.end :]
    return bases


def _evidence(asked: _Variants, given: NDArray[np.float32], other: NDArray[np.float32]) -> SequenceEvidence:
    left = given[: asked.losses + 1]
    amounts = np.float32(0.5) * (left[:-1] - left[1:] + (other[:-1] - other[1:])[::-1])
    interplay = np.zeros_like(given[0])
    if len(asked.told) > 1:
        whole, without_first, without_both, without_second = given[0], given[1], given[2], given[-1]
        interplay = (whole - without_first) + (whole - without_second) - (whole - without_both)
    return SequenceEvidence(
        estimates=(given[0] + other[0]) / 2,
        backdrops=(left[-1] + other[-1]) / 2,
        told=asked.told,
        amounts=amounts[: len(asked.told)],
        pair=(0, 1) if len(asked.told) > 1 else None,
        interplay=interplay,
    )
