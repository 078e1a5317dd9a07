"""The order in which rows are learnt from: fixed by seed and epoch, the same for any number of processes.

Rows are drawn at random, `POOL` batches of them sorted by length together, and the batches shuffled: little padding,
still well mixed. A batch here is what all processes read at a time; a launcher deals its parts to them in turn, so that
P processes with B rows each read what one process with P x B rows would.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

POOL = 50


class LengthPooledSampler(torch.utils.data.Sampler[int]):
    """Positions of one epoch's rows.

    Parameters
    ----------
    lengths : sequence of int
        Tokens of every row.
    batch : int
        Rows that all processes read at a time. An epoch is filled up to whole batches with rows of its own.
    levels : sequence of int, optional
        Observed levels: all come equally often, rarer ones repeated as evenly as can be, common ones drawn from.
    """

    def __init__(self, lengths: Sequence[int], batch: int, seed: int, levels: Sequence[int] | None = None) -> None:
        self._lengths = np.asarray(lengths)
        self._batch = batch
        self._seed = seed
        self._levels = None if levels is None else np.asarray(levels)
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order; the loader calls this."""
        self._epoch = epoch

    def __len__(self) -> int:
        return -(-len(self._lengths) // self._batch) * self._batch

    def __iter__(self) -> Iterator[int]:
        random = np.random.default_rng((self._seed, self._epoch))
        drawn = self._drawn(random)
        drawn = np.resize(drawn, len(self))  # the first rows once more, to whole batches
        chunks: list[np.ndarray] = []
        for begin in range(0, len(drawn), self._batch * POOL):
            pool = drawn[begin : begin + self._batch * POOL]
            pool = pool[np.argsort(self._lengths[pool], kind="stable")]
            chunks += [pool[at : at + self._batch] for at in range(0, len(pool), self._batch)]
        for place in random.permutation(len(chunks)):
            yield from chunks[place].tolist()

    def _drawn(self, random: np.random.Generator) -> np.ndarray:
        count = len(self._lengths)
        if self._levels is None:
            return random.permutation(count)
        present = np.unique(self._levels)
        shares = np.full(len(present), count // len(present))
        shares[random.permutation(len(present))[: count % len(present)]] += 1
        parts = []
        for level, share in zip(present, shares, strict=True):
            rows = np.flatnonzero(self._levels == level)
            rounds = max(1, -(-int(share) // len(rows)))
            parts.append(np.concatenate([random.permutation(rows) for _ in range(rounds)])[:share])
        return random.permutation(np.concatenate(parts))


def padding_share(lengths: Sequence[int], batch: int, seed: int = 0) -> float:
    """Share of a pass's tokens that are padding, over batches of `batch` rows."""
    order = list(LengthPooledSampler(lengths, batch, seed))
    chunks = [[lengths[at] for at in order[begin : begin + batch]] for begin in range(0, len(order), batch)]
    whole = sum(max(chunk) * len(chunk) for chunk in chunks)
    return 1 - sum(map(sum, chunks)) / whole
