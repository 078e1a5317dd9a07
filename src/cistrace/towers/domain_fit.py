"""Fit a `Domain`: training elements and their shuffles say where it lies, elements held out where it ends.

Numbers were chosen on val (docs/domain.md). No measurement is looked at but by `widening`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cistrace.mpra.shuffles import dinucleotides_shuffled, letters_shuffled
from cistrace.towers.domain import Domain

DIRECTIONS = 64  # of most spread
RIDGE = 0.05  # added to the variances, of 1, that the line between elements and shuffles is fitted with
MOST_LEARNT, MOST_SHUFFLED = 8000, 3000  # rows drawn: of training elements, and of either kind of shuffles
FEWEST_LEARNT, FEWEST_UNSEEN = 200, 100
FLAGGED = 0.05  # share of unseen elements beyond the threshold; half of it beyond 1 by either measure
COVERED = 0.9
QUANTILES = 201
SMALLEST = 1e-6

Features = Callable[[Sequence[str]], NDArray[np.float32]]
"""Sequences to what the tower's last layer reads of them, mean of both strands: float32 (N, F)."""


def fit_domain(features: Features, learnt: Sequence[str], unseen: NDArray[np.float32]) -> Domain | None:
    """The domain of a tower; None where there are too few elements to say.

    Parameters
    ----------
    features : callable
        The tower's.
    learnt : sequence of str
        Elements that it was fitted on; 8,000 of them are drawn.
    unseen : ndarray, float32, shape (N, F)
        The features of natural elements that it was not.
    """
    if len(learnt) < FEWEST_LEARNT or len(unseen) < FEWEST_UNSEEN:
        return None
    random = np.random.default_rng(0)
    drawn = [learnt[at] for at in random.permutation(len(learnt))[:MOST_LEARNT].tolist()]
    some = drawn[:MOST_SHUFFLED]
    shuffled = [shuffle(bases, random) for shuffle in (dinucleotides_shuffled, letters_shuffled) for bases in some]
    return domain_of(features(drawn), features(shuffled), unseen)


def domain_of(learnt: NDArray[np.float32], shuffled: NDArray[np.float32], unseen: NDArray[np.float32]) -> Domain:
    """The domain by features, float32 (N, F), of training elements, of shuffled ones, and of elements held out."""
    mean = learnt.mean(axis=0, dtype=np.float64).astype(np.float32)
    apart = (one.astype(np.float64) - mean for one in (learnt, shuffled, unseen))
    inside, background, held = apart
    axes, line = _whitening(inside), _line(inside, background)
    unusual = _limit(np.sqrt(np.square(held @ axes).mean(axis=1)))
    # Rounded as it is stored, so that the limits are those of the domain that is read again.
    whitening = (axes / unusual).astype(np.float16).astype(np.float32)
    direction = (line / _limit(held @ line)).astype(np.float32)
    return with_limits_of(Domain(mean, whitening, direction, np.zeros(1, np.float32), 1.0), unseen)


def with_limits_of(domain: Domain, unseen: NDArray[np.float32]) -> Domain:
    """The same directions, with percentiles and threshold of other elements; nothing widens.

    Parameters
    ----------
    unseen : ndarray, float32, shape (N, F)
        Their features.
    """
    distances = domain.distances(unseen)
    quantiles = np.quantile(distances, np.linspace(0, 1, QUANTILES)).astype(np.float32)
    return replace(domain, quantiles=quantiles, threshold=float(np.quantile(distances, 1 - FLAGGED)), widening=1.0)


def _limit(values: NDArray[np.float64]) -> float:
    return max(float(np.quantile(values, 1 - FLAGGED / 2)), SMALLEST)


def _whitening(apart: NDArray[np.float64]) -> NDArray[np.float64]:
    """Directions of most spread, each divided by its spread: (F, K)."""
    variances, axes = np.linalg.eigh(np.cov(apart.T))
    kept = np.flatnonzero(variances > SMALLEST * variances[-1])[-DIRECTIONS:]
    return axes[:, kept] / np.sqrt(variances[kept])


def _line(inside: NDArray[np.float64], background: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fisher's discriminant of standardised features, rising towards the background: (F,)."""
    spread = np.maximum(inside.std(axis=0), SMALLEST)
    inside, background = inside / spread, background / spread
    within = (np.cov(inside.T) + np.cov(background.T)) / 2 + RIDGE * np.eye(len(spread))
    return np.linalg.solve(within, background.mean(axis=0) - inside.mean(axis=0)) / spread


def widening(domain: Domain, distances: NDArray[np.float32], shares: NDArray[np.float64]) -> float:
    """By how much intervals beyond the threshold have to widen, besides the distance, to hold 90 % of measurements.

    Split conformal, of the rows beyond the threshold by themselves (Vovk et al. 2003 call it Mondrian).

    Parameters
    ----------
    distances : ndarray, float32, shape (N,)
        Of elements that the tower never saw.
    shares : ndarray, float64, shape (N, cell types)
        How far their measurements are from the predictions, as a share of the calibrated interval's side there; NaN
        where there is none.

    Returns
    -------
    float
        At least 1; 1 where too few rows are out to say.
    """
    excess = domain.excess(distances)
    out = (shares / (1 + excess[:, None]))[excess > 0]
    out = np.sort(out[np.isfinite(out)])
    rank = math.ceil((len(out) + 1) * COVERED)
    return 1.0 if rank > len(out) else max(1.0, float(out[rank - 1]))
