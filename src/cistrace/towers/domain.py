"""How far a sequence lies from those that a tower learnt from, in what its last layer reads of both strands.

The distance is Mahalanobis' (Lee et al., NeurIPS 2018): from the mean of the training elements, in units of their
spread in every direction. What is far has sites, or a composition, that no training element had together, and what the
tower says of it rests on nothing measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from cistrace.errors import ModelError

OUT_OF_DOMAIN = "out_of_domain"  # flag of a row that lies beyond the threshold
TOGETHER = 32  # rows of one product, the last filled up: a row's distance then cannot depend on its neighbours


@dataclass(frozen=True, eq=False)
class Domain:
    """What a tower's training elements look like to it.

    Attributes
    ----------
    mean : ndarray, float32, shape (F,)
        Of the features of training elements, mean of both strands.
    whitening : ndarray, float32, shape (F, K)
        From features less their mean to K numbers that have, among training elements, no covariance and spread 1.
    quantiles : ndarray, float32, shape (Q,)
        Evenly spaced quantiles, 0 to 1, of the distances of elements that the tower never saw.
    threshold : float
        Distance beyond which a sequence is out of the domain.
    """

    mean: NDArray[np.float32]
    whitening: NDArray[np.float32]
    quantiles: NDArray[np.float32]
    threshold: float

    def distances(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mahalanobis distances, root mean square over the K directions: float32 (N,).

        Parameters
        ----------
        features : ndarray, float32, shape (N, F)
            Means of both strands of what the tower's last layer reads (`Towers.reading`).
        """
        rows = -(-len(features) // TOGETHER) * TOGETHER
        apart = np.zeros((rows, len(self.mean)), dtype=np.float32)
        apart[: len(features)] = features - self.mean
        whitened = apart.reshape(-1, TOGETHER, len(self.mean)) @ self.whitening
        return np.sqrt(np.square(whitened).mean(axis=2)).reshape(-1)[: len(features)]

    def excess(self, distances: NDArray[np.float32]) -> NDArray[np.float32]:
        """How far beyond the threshold, in thresholds, any shape: 0 inside, 1 at twice the threshold; NaN of NaN."""
        return np.maximum(distances / np.float32(self.threshold) - 1, 0).astype(np.float32)

    def percentiles(self, distances: NDArray[np.float32]) -> NDArray[np.float32]:
        """Percent of natural elements the tower never saw that lie nearer, 0-100, any shape."""
        shares = np.linspace(0, 100, len(self.quantiles))
        return np.interp(distances, self.quantiles, shares).astype(np.float32)


def save_domain(domain: Domain, path: Path) -> None:
    """Write a domain as safetensors, the whitening in float16."""
    arrays: dict[str, NDArray[Any]] = {
        "mean": domain.mean,
        "whitening": domain.whitening.astype(np.float16),
        "quantiles": domain.quantiles,
    }
    save_file(arrays, path, metadata={"threshold": repr(domain.threshold)})


def load_domain(path: Path) -> Domain:
    """Read what `save_domain` wrote.

    Raises
    ------
    ModelError
        The file is missing, torn, or holds no domain.
    """
    try:
        with safe_open(path, framework="np") as file:
            arrays = {name: file.get_tensor(name).astype(np.float32) for name in ("mean", "whitening", "quantiles")}
            threshold = float((file.metadata() or {})["threshold"])
    except (OSError, KeyError, ValueError, SafetensorError) as error:
        raise ModelError(f"{path}: holds no readable domain ({error}); restore the file or export again") from error
    domain = Domain(arrays["mean"], arrays["whitening"], arrays["quantiles"], threshold)
    if domain.mean.ndim != 1 or domain.whitening.ndim != 2 or len(domain.whitening) != len(domain.mean):
        raise ModelError(
            f"{path}: found a mean of shape {domain.mean.shape} and a whitening of shape {domain.whitening.shape}, "
            "expected (F,) and (F, K); restore the file or export again"
        )
    return domain
