"""Numbers of sequences, each computed once for as long as it is remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from cistrace.engines.side_by_side import side_by_side

TOGETHER = 32  # sequences that one thread works on at a time: two passes of a tower

Measure = Callable[[list[str]], NDArray[np.float32]]
"""A row of numbers for each sequence: float32 (N, width). Called from several threads, with at most `TOGETHER`."""


class Memo:
    """Rows of numbers by content; safe to use from several threads.

    Parameters
    ----------
    measure : Measure
        A row must not depend on the others that are asked for with it.
    width : int
        Numbers in a row.
    threads : int
        That work side by side.
    kept : int
        Rows that are remembered, those last used; 0 for none.
    """

    def __init__(self, measure: Measure, width: int, threads: int, kept: int) -> None:
        self._measure, self._width, self._threads, self._kept = measure, width, threads, kept
        self._rows: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()

    def rows(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """A row for every sequence, in their order: float32 (N, width)."""
        wanted = list(dict.fromkeys(sequences))
        found = self._remembered(wanted)
        missing = [bases for bases in wanted if bases not in found]
        blocks = [missing[begin : begin + TOGETHER] for begin in range(0, len(missing), TOGETHER)]
        for block, rows in zip(blocks, side_by_side(self._measure, blocks, self._threads), strict=True):
            fresh = dict(zip(block, rows.copy(), strict=True))
            found.update(fresh)
            self._remember(fresh)
        if not sequences:
            return np.zeros((0, self._width), dtype=np.float32)
        return np.stack([found[bases] for bases in sequences])

    def _remembered(self, wanted: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        with self._lock:
            found = {bases: self._rows[bases] for bases in wanted if bases in self._rows}
            for bases in found:
                self._rows.move_to_end(bases)
        return found

    def _remember(self, fresh: dict[str, NDArray[np.float32]]) -> None:
        with self._lock:
            self._rows.update(fresh)
            while len(self._rows) > self._kept:
                self._rows.popitem(last=False)
