"""How far a sequence lies from those that a tower learnt from, in what its last layer reads of both strands.

Two things make a sequence strange, and the larger counts:

- *Unusual*: the Mahalanobis distance (Lee et al., NeurIPS 2018) from the mean of training elements, in their directions
  of most spread. Far out lie tiled sites, repeats and extreme compositions.
- *Like shuffled DNA*: the place along the line that best tells training elements from shuffled ones (Fisher 1936; what
  a second, shuffled Gaussian adds to the first is the idea of relative Mahalanobis distances, Ren et al. 2021). Random
  DNA has few sites, and by the first measure alone is more usual than most elements.

Both are counted in what one of forty elements that the tower never saw exceeds (`towers.domain_fit`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from cistrace.errors import ModelError

OUT_OF_DOMAIN = "out_of_domain"  # flag of a row that lies beyond the threshold
TOGETHER = 32  # rows of one sum, the last filled up: a row's distance then cannot depend on its neighbours
_ARRAYS = ("mean", "whitening", "direction", "quantiles")


@dataclass(frozen=True, slots=True)
class DomainPlace:
    """Where a sequence lies in a domain or beyond it.

    Attributes
    ----------
    percentile : float or None
        Percent of elements the tower never saw that lie nearer, 0-100; None where it is not known.
    out : bool
        Whether it lies beyond the threshold.
    factor : float
        What the sides of its interval are multiplied by, 1 inside.
    """

    percentile: float | None
    out: bool
    factor: float


UNKNOWN = DomainPlace(None, False, 1.0)


@dataclass(frozen=True, eq=False)
class Domain:
    """What a tower's training elements look like to it.

    Attributes
    ----------
    mean : ndarray, float32, shape (F,)
        Of the features of training elements, mean of both strands.
    whitening : ndarray, float32, shape (F, K)
        From features less their mean to K numbers whose root mean square is how unusual a sequence is.
    direction : ndarray, float32, shape (F,)
        From features less their mean to how like shuffled DNA a sequence is.
    quantiles : ndarray, float32, shape (Q,)
        Evenly spaced quantiles, 0 to 1, of the distances of elements that the tower never saw.
    threshold : float
        Distance beyond which a sequence is out of the domain.
    widening : float
        By how much intervals widen just beyond the threshold, at least 1.
    """

    mean: NDArray[np.float32]
    whitening: NDArray[np.float32]
    direction: NDArray[np.float32]
    quantiles: NDArray[np.float32]
    threshold: float
    widening: float = 1.0

    def distances(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The larger of how unusual and how like shuffled DNA sequences are, none negative: float32 (N,).

        Parameters
        ----------
        features : ndarray, float32, shape (N, F)
            Means of both strands of what the tower's last layer reads (`TowerReading.features`).
        """
        axes, found = np.column_stack([self.whitening, self.direction]), np.empty(len(features), dtype=np.float32)
        for start in range(0, len(features), TOGETHER):
            block = features[start : start + TOGETHER] - self.mean
            apart = np.zeros((TOGETHER, len(self.mean)), dtype=np.float32)
            apart[: len(block)] = block
            # Sums, no matrix product: that rounds a row by its place among others and by the number of threads.
            along = (apart[:, :, None] * axes).sum(axis=1)
            distances = np.maximum(np.sqrt(np.square(along[:, :-1]).mean(axis=1)), along[:, -1])
            found[start : start + len(block)] = distances[: len(block)]
        return found

    def excess(self, distances: NDArray[np.float32]) -> NDArray[np.float32]:
        """How far beyond the threshold, in thresholds, any shape: 0 inside, 1 at twice the threshold; NaN of NaN."""
        beyond = distances / np.float32(self.threshold) - 1
        return np.where(distances > np.float32(self.threshold), beyond, beyond * 0).clip(0).astype(np.float32)

    def percentiles(self, distances: NDArray[np.float32]) -> NDArray[np.float32]:
        """Percent of elements the tower never saw that lie nearer, 0-100, any shape; NaN of NaN."""
        shares = np.linspace(0, 100, len(self.quantiles))
        return np.interp(distances, self.quantiles, shares).astype(np.float32)

    def place(self, distance: float) -> DomainPlace:
        """What one distance says of a prediction; nothing where it is NaN."""
        if math.isnan(distance):
            return UNKNOWN
        found = np.array([distance], dtype=np.float32)
        out = bool(self.excess(found)[0] > 0)
        return DomainPlace(float(self.percentiles(found)[0]), out, float(self.factors(found)[0]))

    def factors(self, distances: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the sides of an interval are multiplied by, any shape: 1 inside and of NaN, beyond `widening` times the
        distance in thresholds."""
        excess = self.excess(distances)
        return np.where(excess > 0, self.widening * (1 + excess), 1).astype(np.float32)


def save_domain(domain: Domain, path: Path) -> None:
    """Write a domain as safetensors, the whitening in float16."""
    arrays: dict[str, NDArray[Any]] = {name: getattr(domain, name) for name in _ARRAYS}
    arrays["whitening"] = domain.whitening.astype(np.float16)
    numbers = {"threshold": repr(domain.threshold), "widening": repr(domain.widening)}
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path, metadata=numbers)


def load_domain(path: Path) -> Domain:
    """Read what `save_domain` wrote.

    Raises
    ------
    ModelError
        The file is missing, torn, or holds no domain.
    """
    try:
        with safe_open(path, framework="np") as file:
            arrays = {name: file.get_tensor(name).astype(np.float32) for name in _ARRAYS}
            found = file.metadata() or {}
            domain = Domain(**arrays, threshold=float(found["threshold"]), widening=float(found["widening"]))
    except (OSError, KeyError, ValueError, SafetensorError) as error:
        raise ModelError(f"{path}: holds no readable domain ({error}); restore the file or export again") from error
    shapes = domain.mean.shape, domain.whitening.shape[:1], domain.direction.shape
    if len(set(shapes)) > 1 or domain.whitening.ndim != 2 or domain.mean.ndim != 1 or not domain.threshold > 0:
        raise ModelError(
            f"{path}: found features of shapes {', '.join(map(str, shapes))} and threshold {domain.threshold}, "
            "expected one number of features and a threshold above 0; restore the file or export again"
        )
    return domain
