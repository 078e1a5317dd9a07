"""The words that are hits of a motif, best first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import islice

import numpy as np

from cistrace.constraints.motif_rules import deficits, slack
from cistrace.motifs.motif import Motif


def hit_words(motif: Motif, most: int) -> list[str]:
    """The `most` words of the highest scores among a motif's hits, the consensus first; all where there are fewer."""
    return list(islice(_by_cost(motif), most))


def _by_cost(motif: Motif) -> Iterator[str]:
    """Words by rising cost: best-first over the places, each with its bases by rising deficit."""
    allowed = slack(motif)
    if allowed is None:
        return
    table = deficits(motif)[:, :4]
    order = np.argsort(table, axis=1, kind="stable")
    costs = np.take_along_axis(table, order, axis=1).tolist()
    width = len(table)
    # A state: the rank of the base of every place up to the last that was raised. The child raises the last place
    # further, or a later one for the first time, so that every word has one way to it.
    heap: list[tuple[int, tuple[int, ...], int]] = [(0, (0,) * width, 0)]
    while heap:
        cost, ranks, last = heapq.heappop(heap)
        yield "".join("ACGT"[order[place, rank]] for place, rank in enumerate(ranks))
        for place in range(last, width):
            rank = ranks[place]
            if rank < 3 and (place == last or rank == 0):
                raised = cost + costs[place][rank + 1] - costs[place][rank]
                if raised <= allowed:
                    heapq.heappush(heap, (raised, (*ranks[:place], rank + 1, *ranks[place + 1 :]), place))
