"""Cell-type specificity: how well differences between cell types are told, and who is most specific."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cistrace.mpra.table import MpraTable


@dataclass(frozen=True, eq=False)
class Contrast:
    """A difference of activities, log2: predicted (seeds, N) and measured (N,), of elements that have both.

    `seen`, bool, says which of all elements those are.
    """

    name: str
    predicted: NDArray[np.float64]
    measured: NDArray[np.float64]
    seen: NDArray[np.bool_]


def pairwise(table: MpraTable, activity: NDArray[np.float64]) -> Iterator[Contrast]:
    """The difference between every two cell types.

    Parameters
    ----------
    activity : ndarray, shape (seeds, N, cell types)
    """
    for one, other in combinations(range(len(table.cell_types)), 2):
        measured = table.activity[:, one] - table.activity[:, other]
        seen = np.isfinite(measured)
        name = f"{table.cell_types[one]} - {table.cell_types[other]}"
        yield Contrast(name, (activity[:, :, one] - activity[:, :, other])[:, seen], measured[seen], seen)


def against_the_rest(table: MpraTable, activity: NDArray[np.float64]) -> Iterator[Contrast]:
    """Every cell type's activity less the largest of the others: the specificity that designs aim for."""
    seen = measured_everywhere(table)
    for cell, name in enumerate(table.cell_types):
        rest = [other for other in range(len(table.cell_types)) if other != cell]
        measured = table.activity[seen, cell] - table.activity[seen][:, rest].max(axis=1)
        yield Contrast(name, activity[:, seen, cell] - activity[:, seen][:, :, rest].max(axis=2), measured, seen)


def from_the_mean(table: MpraTable, activity: NDArray[np.float64]) -> Iterator[Contrast]:
    """Every cell type's activity less the mean over all: how we understand the specificity score of the lentiMPRA
    study (Agarwal et al. 2025), whose methods were not at hand. Of two cell types it is half their difference.
    """
    seen = measured_everywhere(table)
    measured, predicted = table.activity[seen], activity[:, seen]
    for cell, name in enumerate(table.cell_types):
        deviation = predicted[:, :, cell] - predicted.mean(axis=2)
        yield Contrast(name, deviation, measured[:, cell] - measured.mean(axis=1), seen)


def measured_everywhere(table: MpraTable) -> NDArray[np.bool_]:
    """Which elements were measured in every cell type: bool (N,)."""
    return np.asarray(np.isfinite(table.activity).all(axis=1), dtype=np.bool_)
