"""Whether a model is fit to be used: plain sentences for what is not, from its figures alone.

What has too few rows, an unusable val, scores that fall where measurements rise, or a writer whose claims do not hold
is a model all the same, but one that nobody should take for a good one. A training says these sentences at its end and
in the model card, and `cistrace export` refuses by them unless asked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

LEAST_VERIFIED = 0.90


@dataclass(frozen=True, slots=True)
class Fewest:
    """Measured rows of a cell type below which the rows alone speak against a model: of training, and of val."""

    training: int
    val: int


# docs/own-data.md: "some thousand elements are the least"; with fewer of val its parts hold too few to fit a line to.
FROM_SCRATCH = Fewest(1_000, 60)
ADAPTED = Fewest(150, 20)
"""Of a model that starts from a finished one: docs/adapt.md has what it reaches with how many rows. All of a small val
calibrates, and 20 rows give the 90 % interval a rank that is not yet their largest error."""


@dataclass(frozen=True, slots=True)
class CellTypeFigures:
    """What is known of a model in one cell type.

    Attributes
    ----------
    cell_type : str
    training, val : int
        Measured rows of the two splits.
    pearson : float or None
        Between prediction and measurement on val; NaN where one of the two is constant; None: not known yet.
    slope : float or None
        Of measured activity against the model's, on val: 1 for a model that is right on average. None: not known yet,
        or too few rows to fit it.
    has_interval : bool or None
        Whether val holds rows enough for a 90 % interval. None: not known yet.
    """

    cell_type: str
    training: int
    val: int
    pearson: float | None = None
    slope: float | None = None
    has_interval: bool | None = None


@dataclass(frozen=True, slots=True)
class WriterFigures:
    """What became of the traces that a model wrote about val sequences.

    Attributes
    ----------
    traces, parsed : int
        Traces written, and those that have the form of one.
    claims, supported : int
        Their claims, and those that agree with the card.
    """

    traces: int
    parsed: int
    claims: int
    supported: int


def faults_of(
    cells: tuple[CellTypeFigures, ...], writer: WriterFigures | None = None, fewest: Fewest = FROM_SCRATCH
) -> tuple[str, ...]:
    """What speaks against using a model, a sentence each; empty where nothing does.

    Parameters
    ----------
    cells : tuple of CellTypeFigures
        What is not known yet says nothing.
    writer : WriterFigures or None
        None for a model that writes no traces, or has not yet.
    fewest : Fewest
        `ADAPTED` for a model that starts from a finished one.
    """
    return tuple(
        fault for cell in cells for fault in (*_rows(cell, fewest), *_agreement(cell), *_interval(cell))
    ) + (() if writer is None else _writing(writer))  # fmt: skip


def _rows(cell: CellTypeFigures, fewest: Fewest) -> list[str]:
    found = []
    for rows, least, split in ((cell.training, fewest.training, "training"), (cell.val, fewest.val, "val")):
        if rows < least:
            found.append(
                f"{cell.cell_type}: {rows:,} measured {split} rows, expected {least:,} or more; add measurements"
            )
    return found


def _agreement(cell: CellTypeFigures) -> list[str]:
    if cell.pearson is not None and math.isnan(cell.pearson):
        return [
            f"{cell.cell_type}: val cannot be used, as its predictions or its measurements are all alike (Pearson is "
            "not a number); expected values that differ; check the table and the training's curves"
        ]
    if cell.slope is not None and not cell.slope > 0:
        return [
            f"{cell.cell_type}: measured activity falls where the model's rises (slope {cell.slope:.2f} on val); "
            "expected a slope above 0; the model has not learnt this cell type"
        ]
    return []


def _interval(cell: CellTypeFigures) -> list[str]:
    if cell.has_interval is not False:
        return []
    return [
        f"{cell.cell_type}: its 90 % interval is infinite, as too few val rows are left to calibrate on; add val rows"
    ]


def _writing(writer: WriterFigures) -> tuple[str, ...]:
    found = []
    if writer.parsed < LEAST_VERIFIED * writer.traces:
        found.append(
            f"the writer: {writer.parsed:,} of {writer.traces:,} val traces have the form of one, expected "
            f"{LEAST_VERIFIED:.0%}; train it longer"
        )
    if writer.supported < LEAST_VERIFIED * writer.claims:
        found.append(
            f"the writer: {writer.supported:,} of {writer.claims:,} claims in val traces agree with the card, expected "
            f"{LEAST_VERIFIED:.0%}; train it longer"
        )
    return tuple(found)
