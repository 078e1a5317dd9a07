"""The order in which rows are learnt from: fixed by seed and epoch, the same for any number of processes.

Rows are drawn at random, `POOL` batches of them sorted by length together, and the batches shuffled: little padding,
still well mixed. A batch here is what all processes read at a time; a launcher deals its parts to them in turn, so that
P processes with B rows each read what one process with P x B rows would. A trainer is given the whole course, all
epochs behind one another, and reads it from front to end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

POOL = 50


def course(
    lengths: NDArray[np.int64],
    batch: int,
    batches: int,
    seed: int,
    levels: NDArray[np.int8] | None = None,
) -> NDArray[np.int64]:
    """Places of rows, epoch after epoch, for a number of batches.

    Parameters
    ----------
    lengths : ndarray, int64, shape (R,)
        Tokens of every row.
    batch : int
        Rows that all processes read at a time. An epoch is filled up to whole batches with rows of its own.
    levels : ndarray, int8, shape (R,), optional
        Observed levels: all come equally often, rarer ones repeated as evenly as can be, common ones drawn from.

    Returns
    -------
    ndarray, int64, shape (batches * batch,)
    """
    epochs = math.ceil(batches / epoch_batches(len(lengths), batch))
    return np.concatenate([_epoch(lengths, batch, (seed, epoch), levels) for epoch in range(epochs)])[: batches * batch]


def epoch_batches(rows: int, batch: int) -> int:
    """Batches of one epoch."""
    return math.ceil(rows / batch)


def padding_share(lengths: NDArray[np.int64], order: NDArray[np.int64], batch: int) -> float:
    """Share of a course's tokens that are padding."""
    in_batches = lengths[order].reshape(-1, batch)
    return 1 - float(in_batches.sum() / (in_batches.max(axis=1).sum() * batch))


def _epoch(
    lengths: NDArray[np.int64], batch: int, seed: tuple[int, int], levels: NDArray[np.int8] | None
) -> NDArray[np.int64]:
    random = np.random.default_rng(seed)
    drawn = random.permutation(len(lengths)) if levels is None else _balanced(levels, random)
    drawn = np.resize(drawn, epoch_batches(len(lengths), batch) * batch)  # the first rows once more, to whole batches
    batches = np.concatenate(list(_by_length(drawn, lengths, batch)))
    return batches[random.permutation(len(batches))].ravel()


def _by_length(drawn: NDArray[np.int64], lengths: NDArray[np.int64], batch: int) -> Iterator[NDArray[np.int64]]:
    for begin in range(0, len(drawn), batch * POOL):
        pool = drawn[begin : begin + batch * POOL]
        yield pool[np.argsort(lengths[pool], kind="stable")].reshape(-1, batch)


def _balanced(levels: NDArray[np.int8], random: np.random.Generator) -> NDArray[np.int64]:
    present = np.unique(levels)
    shares = np.full(len(present), len(levels) // len(present))
    shares[random.permutation(len(present))[: len(levels) % len(present)]] += 1
    parts = []
    for level, share in zip(present, shares, strict=True):
        rows = np.flatnonzero(levels == level)
        rounds = max(1, math.ceil(share / len(rows)))
        parts.append(np.concatenate([random.permutation(rows) for _ in range(rounds)])[:share])
    return random.permutation(np.concatenate(parts))
