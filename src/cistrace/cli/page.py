"""`--report` of `cistrace predict`: a page that is made while it predicts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import click

from cistrace.errors import OutputError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.files import check_output
from cistrace.io.streams import STDIN, shown
from cistrace.predictions.table import prediction_object

if TYPE_CHECKING:
    from cistrace.checkpoints.load import Checkpoint
    from cistrace.predictions.prediction import Prediction

VIEW = "view"
"""Beside a row's own values what the page draws of it: kept in the journal with the row, and in no table."""

WITH_BASES = 300
"""Windows of which a page shows what every base adds: half a second each."""


def check_page(page: Path | None, others: Sequence[str | Path | None]) -> None:
    """Find faults of a page's path before any work; `others` are files that are read or written beside it.

    Raises
    ------
    OutputError
        An ending that is no page's; a file that could not be written, or is one of the others.
    """
    if page is None:
        return
    from cistrace.report.page import check_report_ending

    check_report_ending(page)
    check_output(page)
    used = [str(path) for path in others if path is not None and str(path) != STDIN]
    if os.path.realpath(page) in map(os.path.realpath, used):
        raise OutputError(
            f"{shown(page)}: is also read or written otherwise; expected a file of its own; choose another"
        )


class Page:
    """A page of predictions, open while in its `with` block, which gives the function that adds one.

    Parameters
    ----------
    path : Path
    source : str
        The input, by which the page is called.
    checkpoint : Checkpoint
        That predicts.
    """

    def __init__(self, path: Path, source: str, checkpoint: Checkpoint) -> None:
        self._path, self._checkpoint = path, checkpoint
        self._title = "sequences" if source == STDIN else Path(source).name
        self._with_bases: tuple[int, tuple[str, int] | None] = 0, None  # windows so far, and the last one
        self._left_out = 0
        self._open = ExitStack()

    def __enter__(self) -> Self:
        from cistrace.report.page import report_output
        from cistrace.report.scales import scale_views

        page = report_output(self._path, self._title, scale_views(self._checkpoint.scales))
        self._put = self._open.enter_context(page)
        return self

    def __call__(self, view: dict[str, Any], provenance: dict[str, Any]) -> None:
        """Add a prediction, of an earlier run that goes on too: its view, and what made it."""
        windows, last = self._with_bases
        if view["contributions"] is not None and last != (at := (view["id"], view["start"])):
            self._with_bases = windows + 1, at
        self._left_out += not self._put(view, provenance)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)
        if kind is None:
            say_left_out(self._left_out)

    def rows(self, predictions: Iterable[Prediction], block: list[DnaSequence]) -> Iterator[dict[str, Any]]:
        """Rows of some sequences, each with its view; those of a window are made together."""
        from cistrace.report.cells import BaseModel, cell_views

        bases = {one.id: one.bases for one in block}
        towers = self._checkpoint.towers
        model = None if towers is None else BaseModel(towers.contributions, self._checkpoint.cell_types)
        for _, group in groupby(predictions, key=lambda one: (one.id, one.start)):
            of_window = list(group)
            rows = [prediction_object(one) for one in of_window]
            asked = model if self._with_bases[0] < WITH_BASES else None
            views = cell_views(rows, bases, asked, [one.card for one in of_window])
            yield from ({**row, VIEW: view} for row, view in zip(rows, views, strict=True))


def say_left_out(count: int) -> None:
    """Say how many predictions a page had no room for."""
    from cistrace.report.page import MOST

    if count:
        click.echo(
            f"cistrace: the report holds the first {MOST:,} predictions; {count:,} more are left out of it", err=True
        )
