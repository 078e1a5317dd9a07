"""The domain of a model's towers, with what intervals beyond it need: from val, of which the towers learnt nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cistrace.checkpoints.schema import CellScale
from cistrace.mpra.table import MpraTable
from cistrace.towers.domain import Domain
from cistrace.towers.domain_fit import FEWEST_UNSEEN, fit_domain, widening, with_limits_of
from cistrace.towers.evidence import TowerReading, Towers


def checkpoint_domain(
    towers: Towers, scales: Mapping[str, CellScale], learnt: Sequence[str], val: MpraTable
) -> Domain | None:
    """What a checkpoint's file says; None where there are too few elements for any.

    Parameters
    ----------
    scales : mapping of cell type to CellScale
        Calibrated, with the readout `towers`.
    learnt : sequence of str
        Elements that the towers were fitted on.
    val : MpraTable
        Elements that they were not, with what was measured.
    """
    held = towers.reading(val.sequences)
    found = fit_domain(lambda several: towers.reading(several).features, learnt, held.features)
    return None if found is None else _widened(found, held, scales, val)


def domain_of_start(
    start: Domain, towers: Towers, scales: Mapping[str, CellScale], learnt: Sequence[str], val: MpraTable
) -> Domain | None:
    """What an adapted checkpoint's file says where it has too few elements for directions of its own: the start's, with
    the limits of its own elements; None where these are too few, too.

    Those that it learnt from count among them: they moved the towers little, and val alone is small.

    Parameters
    ----------
    start : Domain
        Of the checkpoint that it was adapted from.
    scales, learnt, val
        As `checkpoint_domain` has them.
    """
    if len(learnt) + len(val) < FEWEST_UNSEEN:
        return None
    held = towers.reading(val.sequences)
    every = np.concatenate([towers.reading(learnt).features, held.features])
    return _widened(with_limits_of(start, every), held, scales, val)


def _widened(domain: Domain, held: TowerReading, scales: Mapping[str, CellScale], val: MpraTable) -> Domain:
    shares = shares_of_sides(held.activities, val, scales)
    return replace(domain, widening=widening(domain, domain.distances(held.features), shares))


def shares_of_sides(
    predicted: NDArray[np.float32], table: MpraTable, scales: Mapping[str, CellScale]
) -> NDArray[np.float64]:
    """How far measurements are from predictions, as a share of the calibrated interval's side there.

    Parameters
    ----------
    predicted : ndarray, float32, shape (N, cell types)
        The towers' activities of the table's rows.

    Returns
    -------
    ndarray, float64, shape (N, cell types)
        Above 1 outside the interval; NaN where nothing was measured or the interval is infinite.
    """
    shares = np.full(table.activity.shape, np.nan)
    for cell, name in enumerate(table.cell_types):
        calibration, activity = scales[name].calibrations["towers"], predicted[:, cell].astype(np.float64)
        if calibration.bounds is not None:
            lower, upper = calibration.interval(activity)
            apart = table.activity[:, cell] - activity
            shares[:, cell] = np.where(apart < 0, -apart / (activity - lower), apart / (upper - activity))
    return shares
