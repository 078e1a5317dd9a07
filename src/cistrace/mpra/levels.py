"""Observed levels 0-3: cut points from quartiles, from a user, or from levels that a table states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import DataError
from cistrace.mpra.loaded import UNKNOWN_LEVEL
from cistrace.mpra.table import MpraTable

QUARTILES = (0.25, 0.5, 0.75)
CUTS = len(QUARTILES)
FEWEST_VALUES = 4
ENHANCERS = "_peak"


def quantile_cuts(table: MpraTable, splits: Sequence[str]) -> NDArray[np.float64]:
    """Quartiles of the training rows in every cell type.

    Where training rows have categories that end in `_peak`, those alone count: controls are low.

    Returns
    -------
    ndarray, float64, shape (cell types, 3)
        In the table's units.

    Raises
    ------
    DataError
        A cell type with fewer than 4 distinct training values, or with quartiles that do not rise.
    """
    train = np.array([split == "train" for split in splits], dtype=bool)
    enhancers = train & np.array([category.endswith(ENHANCERS) for category in table.categories], dtype=bool)
    values = table.activity[enhancers if enhancers.any() else train]
    cuts = np.empty((len(table.cell_types), CUTS))
    for place, cell in enumerate(table.cell_types):
        known = values[:, place][~np.isnan(values[:, place])]
        distinct = len(np.unique(known))
        if distinct < FEWEST_VALUES:
            raise DataError(
                f"cell type {cell!r}: {distinct} distinct values in training rows, expected {FEWEST_VALUES} or more "
                "to tell levels apart; add rows, check the split, or leave it out"
            )
        cuts[place] = np.quantile(known, QUARTILES)
        _check_rise(cuts[place], f"cell type {cell!r}: quartiles", "many rows share a value; give cut points")
    return cuts


def fixed_cuts(cuts: Sequence[float] | Mapping[str, Sequence[float]], cell_types: Sequence[str]) -> NDArray[np.float64]:
    """Cut points as a user gives them: three for all cell types, or three for each by name.

    Returns
    -------
    ndarray, float64, shape (cell types, 3)

    Raises
    ------
    DataError
        Other than three, not finite or not rising; a cell type without any.
    """
    found = np.empty((len(cell_types), CUTS))
    for place, cell in enumerate(cell_types):
        given = cuts.get(cell) if isinstance(cuts, Mapping) else cuts
        if given is None:
            raise DataError(f"cell type {cell!r}: no cut points, expected {CUTS}; give them")
        if len(given) != CUTS:
            raise DataError(f"cell type {cell!r}: {len(given)} cut points, expected {CUTS}; correct them")
        found[place] = given
        _check_rise(found[place], f"cell type {cell!r}: cut points", "put them in order")
    return found


def levels_of(activity: NDArray[np.float64], cuts: NDArray[np.float64]) -> NDArray[np.int8]:
    """How many cut points each measurement reaches, as `cistrace.traces.grounded.level_of`; -1 where not measured.

    Parameters
    ----------
    activity : ndarray, shape (N, cell types)
    cuts : ndarray, shape (cell types, 3)

    Returns
    -------
    ndarray, int8, shape (N, cell types)
    """
    levels = (activity[:, :, None] >= cuts[None]).sum(axis=2).astype(np.int8)
    levels[np.isnan(activity)] = UNKNOWN_LEVEL
    return levels


def cuts_from_levels(
    activity: NDArray[np.float64], levels: NDArray[np.int8], cell_types: Sequence[str]
) -> NDArray[np.float64]:
    """Cut points that part stated levels best: between two values, with the fewest rows on the wrong side.

    Each cut point parts the levels below it from the others. Where levels do not overlap it is the middle of the gap.

    Parameters
    ----------
    activity : ndarray, shape (N, cell types)
    levels : ndarray, int8, shape (N, cell types)
        0-3, -1 where not stated.
    cell_types : sequence of str
        For messages.

    Returns
    -------
    ndarray, float64, shape (cell types, 3)

    Raises
    ------
    DataError
        A level that no measured row has; cut points that do not rise.
    """
    cuts = np.empty((len(cell_types), CUTS))
    for place, cell in enumerate(cell_types):
        known = (levels[:, place] != UNKNOWN_LEVEL) & ~np.isnan(activity[:, place])
        values, stated = activity[known, place], levels[known, place]
        absent = [level for level in range(CUTS + 1) if not (stated == level).any()]
        if absent:
            raise DataError(
                f"cell type {cell!r}: no measured row has level {absent[0]}, expected all of 0-{CUTS}; "
                "give cut points instead of levels"
            )
        cuts[place] = [_threshold(values, stated >= level) for level in range(1, CUTS + 1)]
        _check_rise(cuts[place], f"cell type {cell!r}: cut points between the stated levels", "check the level column")
    return cuts


def _threshold(values: NDArray[np.float64], above: NDArray[np.bool_]) -> float:
    """The value from which on rows are `above`, with the fewest mistakes; the first such gap from below.

    `values` and `above` have shape (N,), and `above` holds both.
    """
    order = np.argsort(values, kind="stable")
    values, above = values[order], above[order]
    # Parted before row i: rows above that lie below it, and rows below that lie from it on.
    mistakes = np.concatenate([[0], np.cumsum(above)]) + np.concatenate([np.cumsum(~above[::-1])[::-1], [0]])
    gaps = np.flatnonzero(values[1:] > values[:-1]) + 1
    if not len(gaps):
        return float(values[0])
    best = gaps[np.argmin(mistakes[gaps])]
    middle = (values[best - 1] + values[best]) / 2
    # Between neighbouring floats the middle rounds, perhaps to the lower one, which must stay below.
    return float(middle if values[best - 1] < middle <= values[best] else values[best])


def _check_rise(cuts: NDArray[np.float64], what: str, mend: str) -> None:
    if not np.isfinite(cuts).all() or (np.diff(cuts) <= 0).any():
        listed = ", ".join(f"{cut:g}" for cut in cuts)
        raise DataError(f"{what} are {listed}, expected three finite numbers that rise; {mend}")
