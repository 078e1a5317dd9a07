"""Rows of predictions with what else a page shows of them: the bases, and what each of them adds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.card import Card
from cistrace.errors import InputError
from cistrace.io.streams import shown
from cistrace.report.view import cell_view

Contribute = Callable[[Sequence[str]], list[NDArray[np.float32]]]
"""What every base of each sequence adds to its score in every cell type: float32 (bases, cell types) a sequence."""


@dataclass(frozen=True)
class BaseModel:
    """A sequence model that says what bases add: `contribute` has a column a cell type of `cell_types`."""

    contribute: Contribute
    cell_types: tuple[str, ...]


def cell_views(
    rows: Sequence[Mapping[str, Any]],
    bases: Mapping[str, str],
    model: BaseModel | None = None,
    cards: Iterable[Card | None] | None = None,
) -> list[dict[str, Any]]:
    """`view.cell_view` of each row.

    Parameters
    ----------
    rows : sequence of mapping
        As `predictions.table.prediction_object` makes them.
    bases : mapping
        From ids to the sequences that were predicted; a row of another id is drawn without bases.
    model : BaseModel, optional
        The model that predicted; asked about all windows at once, and of each once.
    cards : iterable of Card or None, optional
        Of every row.

    Raises
    ------
    InputError
        A sequence that ends before the stretch that a row describes.
    """
    windows = [_window(row, bases.get(row["id"])) for row in rows]
    distinct = [] if model is None else list(dict.fromkeys(one for one in windows if one is not None))
    found = dict(zip(distinct, model.contribute(distinct), strict=True)) if model is not None and distinct else {}
    columns = {} if model is None else {name: at for at, name in enumerate(model.cell_types)}
    many = [None] * len(rows) if cards is None else list(cards)
    return [
        cell_view(
            row, window, card,
            found[window][:, columns[row["cell_type"]]] if window in found and row["cell_type"] in columns else None,
        )
        for row, window, card in zip(rows, windows, many, strict=True)
    ]  # fmt: skip


def _window(row: Mapping[str, Any], bases: str | None) -> str | None:
    if bases is not None and row["end"] > len(bases):
        raise InputError(
            f"{shown(row['id'])}: found {len(bases):,} bp in the sequence given, but a prediction of "
            f"{row['start']:,}-{row['end']:,}; expected the sequences that were predicted; give those"
        )
    return None if bases is None else bases[row["start"] - 1 : row["end"]]
