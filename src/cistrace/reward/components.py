"""What rewards are made of, in arrays: a row a sequence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RewardComponents:
    """Rewards and what they are made of; of sequences that cannot be scored all but `rewards` and `valid` is NaN.

    Attributes
    ----------
    rewards : ndarray, float64, shape (N,)
        `squeezed(objective - penalties)`, or `floor - severity`.
    valid : ndarray, bool, shape (N,)
        Whether a sequence can be scored.
    activities : ndarray, float32, shape (N, cell types)
        log2(RNA/DNA) in all cell types of the model, in its order.
    objective : ndarray, float64, shape (N,)
    uncertainty, out_of_domain : ndarray, float64, shape (N,)
        Penalties, at least 0.
    constraints : ndarray, float64, shape (N, kinds)
        A penalty of every kind of constraint, at least 0.
    distances : ndarray, float32, shape (N,)
        From what the model learnt from; NaN for a model that does not know.
    """

    rewards: Numbers
    valid: NDArray[np.bool_]
    activities: NDArray[np.float32]
    objective: Numbers
    uncertainty: Numbers
    out_of_domain: Numbers
    constraints: Numbers
    distances: NDArray[np.float32]


def squeezed(rewards: Numbers, floor: float) -> Numbers:
    """Rewards as they are down to half the floor; what is below, in its order, between there and the floor.

    What lies d below half the floor comes to lie in h / (h + d) of the h that are left above the floor: as steep at
    first, and never flat, so that nothing that can be scored reaches the floor, below which lies what cannot.

    Parameters
    ----------
    floor : float
        Below 0.
    """
    left = -floor / 2
    beyond = np.maximum(floor / 2 - rewards, 0.0)
    return np.where(beyond > 0, floor + left * left / (left + beyond), rewards)
