"""Calibration: from a model's scores to activities with 90 % intervals, a line and bounds a cell type and readout.

Val is parted into three, so that no measurement serves twice. The first part chooses among checkpoints while a model
is trained, the second fits the line and how widths change with activity, the third gives the residuals whose order
statistics are the widths: split conformal prediction (`intervals`).

Arrays and numbers alone: no model is run here.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from cistrace.checkpoints.intervals import conformal_bounds, fewest_for_an_interval
from cistrace.checkpoints.levels import normal_scores
from cistrace.checkpoints.schema import Calibration, CellScale, Readout
from cistrace.io.regions import reverse_complement
from cistrace.mpra.folds import RELATED
from cistrace.mpra.homology import groups

SHARES = {"choose": Fraction(3, 10), "fit": Fraction(2, 10), "calibrate": Fraction(5, 10)}
FEWEST_TO_FIT = 10  # measured rows: a line through fewer says more of their noise than of the model
UNCALIBRATED = Calibration(1.0, 0.0, None, 0.0, 1.0, 0, 0)
_IN_WORDS: dict[Readout, str] = {"trace": "with a trace", "card": "from the card alone", "towers": "by the towers"}
LEAST_SPREAD = 0.01  # of normal scores, so that probabilities are defined for residuals that are all alike


@dataclass(frozen=True, eq=False)
class ValParts:
    """Which val rows serve what: positions, ascending, disjoint, together all rows.

    Attributes
    ----------
    choose : ndarray, int64, shape (A,)
        To choose among checkpoints, and when to stop.
    fit : ndarray, int64, shape (B,)
        For slope and intercept, and for how widths change with activity.
    calibrate : ndarray, int64, shape (C,)
        For the interval, and for what levels and percentiles are told by.
    """

    choose: NDArray[np.int64]
    fit: NDArray[np.int64]
    calibrate: NDArray[np.int64]


def part_val(sequences: Sequence[str]) -> ValParts:
    """Part val by content: sequences that share 40 bases, on either strand, stay together.

    Groups of related sequences are taken in the order of their digests, and each goes to the part that holds the least
    beside its share (3 : 2 : 5). Neither names nor the order of the rows nor the strand matter.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(groups(sequences, RELATED).tolist()):
        members[group].append(row)
    digests = [_digest(bases) for bases in sequences]
    held: dict[str, list[int]] = {part: [] for part in SHARES}
    for rows in sorted(members.values(), key=lambda rows: min(digests[row] for row in rows)):
        least = min(SHARES, key=lambda part: (Fraction(len(held[part])) / SHARES[part], -SHARES[part]))
        held[least] += rows
    return ValParts(**{part: np.array(sorted(rows), dtype=np.int64) for part, rows in held.items()})


def all_calibrate(parts: ValParts) -> ValParts:
    """The parts of a val that chose nothing, and is too small to say how widths change: all its rows calibrate."""
    none = np.empty(0, dtype=np.int64)
    return ValParts(none, none, np.sort(np.concatenate([parts.choose, parts.fit, parts.calibrate])))


def rows_to_score(parts: ValParts, most: int | None) -> tuple[NDArray[np.int64], ValParts]:
    """The rows of `fit` and `calibrate`, at most so many drawn at random, and the parts of these rows alone.

    Returns
    -------
    ndarray, int64, shape (N,)
        Ascending positions in val.
    ValParts
        Positions in that array; nothing is left to choose by.
    """
    either = np.concatenate([parts.fit, parts.calibrate])
    rows = np.sort(np.random.default_rng(0).permutation(either)[:most])
    fit = np.isin(rows, parts.fit)
    return rows, ValParts(np.empty(0, dtype=np.int64), np.flatnonzero(fit), np.flatnonzero(~fit))


def _digest(bases: str) -> bytes:
    upper = bases.upper()
    return hashlib.sha256(min(upper, reverse_complement(upper)).encode()).digest()


def fit_line(
    scores: NDArray[np.float64], measured: NDArray[np.float64], otherwise: tuple[float, float]
) -> tuple[float, float]:
    """Least-squares slope and intercept; `otherwise` where there are fewer than 10 rows, or all scores are alike.

    Parameters
    ----------
    scores, measured : ndarray, float64, shape (N,)
    """
    if len(scores) < FEWEST_TO_FIT or np.ptp(scores) == 0:
        return otherwise
    apart = scores - scores.mean()
    slope = float(apart @ (measured - measured.mean()) / (apart @ apart))
    return slope, float(measured.mean() - slope * scores.mean())


def calibrate(
    scores: NDArray[np.float64],
    measured: NDArray[np.float64],
    parts: ValParts,
    scale: CellScale,
    line: tuple[float, float] | None = None,
) -> Calibration:
    """Line, bounds and foreseen spread of one cell type and readout.

    Parameters
    ----------
    scores : ndarray, float64, shape (N,)
        The readout's scores of val's rows; rows of the part `choose` are not looked at.
    measured : ndarray, float64, shape (N,)
        log2(RNA/DNA); NaN where not measured.
    parts : ValParts
        Of these N rows.
    scale : CellScale
        Its location and spread are the line of a cell type with too few rows to fit one.
    line : (float, float), optional
        Slope and intercept, where they are known; fitted unless given.
    """
    fitting = parts.fit[np.isfinite(measured[parts.fit])]
    slope, intercept = line or fit_line(scores[fitting], measured[fitting], (scale.spread, scale.location))
    rows = parts.calibrate[np.isfinite(measured[parts.calibrate])]
    predicted = intercept + slope * scores
    apart = measured - predicted
    bounds = conformal_bounds((predicted[fitting], apart[fitting]), (predicted[rows], apart[rows]))
    shift, spread = 0.0, 1.0  # as wide as natural elements themselves
    if bounds is not None:
        further = normal_scores(measured[rows], scale.quantiles) - normal_scores(predicted[rows], scale.quantiles)
        shift, spread = float(further.mean()), max(LEAST_SPREAD, float(further.std()))
    return Calibration(slope, intercept, bounds, shift, spread, len(fitting), len(rows))


def calibration_notes(scales: dict[str, CellScale]) -> tuple[str, ...]:
    """What a calibration could not do for want of rows, a sentence a cell type and readout."""
    notes = []
    for name, scale in scales.items():
        for readout in get_args(Readout):
            found = scale.calibrations.get(readout)
            if found is None:
                continue
            where = f"{name}, {_IN_WORDS[readout]}"
            if found.fitted < FEWEST_TO_FIT and readout != "towers":
                notes.append(
                    f"{where}: {found.fitted} measured val rows to fit a line to, expected {FEWEST_TO_FIT}; scores "
                    "keep the training split's mean and spread"
                )
            if found.bounds is None:
                notes.append(
                    f"{where}: {found.calibrated} measured val rows for the interval, expected "
                    f"{fewest_for_an_interval()}; its 90 % interval is infinite"
                )
    return tuple(notes)
