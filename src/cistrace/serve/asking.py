"""A question on its way to the model: in pieces, so that others have their turn, with its progress told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from cistrace.cards.windows import MINIMUM_KNOWN, WindowChoice, tiles
from cistrace.io.dna_sequence import DnaSequence
from cistrace.predictions.prediction import Prediction
from cistrace.serve.service import Service
from cistrace.serve.worker import Worker

WITH_TRACES, WITHOUT = 8, 192  # sequences in one piece: seconds of work
TOLD_EVERY = 0.2  # seconds

Gone = Callable[[], Awaitable[bool]]
"""Whether nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be predicted: checked, and so far nothing done."""

    records: tuple[DnaSequence, ...]
    cells: tuple[str, ...]
    trace: bool
    windows: WindowChoice

    def pieces(self) -> Iterator[tuple[DnaSequence, ...]]:
        """The sequences, as many together as one turn takes."""
        return pieces(self.records, WITH_TRACES if self.trace else WITHOUT)

    def rows(self, window: int) -> int:
        """How many predictions there will be, of a model that reads `window` bp."""
        if self.windows == "best":
            return len(self.records) * len(self.cells)
        return sum(len(tiles(record, window, MINIMUM_KNOWN)) for record in self.records) * len(self.cells)


def pieces(records: Sequence[DnaSequence], size: int) -> Iterator[tuple[DnaSequence, ...]]:
    """Sequences, `size` together."""
    return (tuple(records[begin : begin + size]) for begin in range(0, len(records), size))


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


async def told_predictions(service: Service, worker: Worker, asked: Asked) -> AsyncIterator[int | list[Prediction]]:
    """Predictions of piece after piece, and in between how many rows are done."""
    done = 0
    for piece in asked.pieces():
        written: list[int] = []
        working = asyncio.ensure_future(
            worker.run(
                lambda piece=piece, written=written: service.predictions(  # type: ignore[misc]
                    piece, asked.cells, asked.trace, asked.windows, written.append
                )
            )
        )
        try:
            last = -1
            while not working.done():
                if (now := done + sum(written)) != last:
                    yield now
                    last = now
                await asyncio.wait([working], timeout=TOLD_EVERY)
        finally:
            working.cancel()
        found = working.result()
        done += len(found)
        yield found
    yield done
