"""A question on its way to the model: in pieces, so that others have their turn, with its progress told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cistrace.cards.windows import MINIMUM_KNOWN, WindowChoice, tiles
from cistrace.io.dna_sequence import DnaSequence
from cistrace.predictions.prediction import Prediction
from cistrace.serve.service import Service
from cistrace.serve.worker import Worker
from cistrace.writers.reasoner import OnWritten

_Row = TypeVar("_Row")
Work = Callable[[tuple[DnaSequence, ...], OnWritten], list[_Row]]
"""Rows of a piece; it calls what it is given with how many more predictions are written."""

WITH_TRACES, WITHOUT = 8, 192  # sequences in one piece: seconds of work
TOLD_EVERY = 0.2  # seconds

Gone = Callable[[], Awaitable[bool]]
"""Whether nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be predicted: checked, and so far nothing done. `window` is the model's, bp."""

    records: tuple[DnaSequence, ...]
    cells: tuple[str, ...]
    trace: bool
    windows: WindowChoice
    window: int

    def pieces(self) -> Iterator[tuple[DnaSequence, ...]]:
        """The sequences, as many together as one turn takes."""
        return pieces(self.records, WITH_TRACES if self.trace else WITHOUT)

    def rows(self, records: Sequence[DnaSequence]) -> int:
        """How many predictions there will be of some of the sequences."""
        if self.windows == "best":
            return len(records) * len(self.cells)
        return sum(len(tiles(record, self.window, MINIMUM_KNOWN)) for record in records) * len(self.cells)

    @property
    def total(self) -> int:
        """How many predictions there will be."""
        return self.rows(self.records)


def pieces(items: Sequence[_Row], size: int) -> Iterator[tuple[_Row, ...]]:
    """Items, `size` together."""
    return (tuple(items[begin : begin + size]) for begin in range(0, len(items), size))


def prediction_work(service: Service, asked: Asked) -> Work[Prediction]:
    """Predictions of a piece, as `told_in_turns` wants them."""
    return lambda piece, on_written: service.predictions(piece, asked.cells, asked.trace, asked.windows, on_written)


async def predicted(service: Service, worker: Worker, asked: Asked, gone: Gone | None = None) -> list[Prediction]:
    """All predictions, in order; those so far where `gone` says that nobody waits for more."""
    rows: list[Prediction] = []
    for piece in asked.pieces():
        if gone is not None and await gone():
            break
        rows += await worker.run(
            lambda piece=piece: service.predictions(piece, asked.cells, asked.trace, asked.windows)  # type: ignore[misc]
        )
    return rows


async def told_in_turns(worker: Worker, asked: Asked, work: Work[_Row]) -> AsyncIterator[int | list[_Row]]:
    """Rows of piece after piece, and in between how many predictions are done.

    Parameters
    ----------
    worker : Worker
    asked : Asked
    work : callable
    """
    done = 0
    for piece in asked.pieces():
        written: list[int] = []
        working = asyncio.ensure_future(
            worker.run(lambda piece=piece, written=written: work(piece, written.append))  # type: ignore[misc]
        )
        try:
            last = -1
            while not working.done():
                if (now := done + min(sum(written), asked.rows(piece))) != last:
                    yield now
                    last = now
                await asyncio.wait([working], timeout=TOLD_EVERY)
        finally:
            working.cancel()
        done += asked.rows(piece)
        yield working.result()
    yield done
