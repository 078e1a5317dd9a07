"""The towers' evidence: an activity for a sequence, and what of it each of its sites is worth.

A site's worth is by ablation: its bases are blanked (zeros in one-hot, as the towers know from padding) and the
sequence is scored again, by the very tower that gives the activity. Another, light one looks first, on the given strand
alone, at which sites weigh most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from cistrace.cards.evidence import SequenceEvidence
from cistrace.cards.sites import Site
from cistrace.errors import ModelError
from cistrace.io.codes import BLANK
from cistrace.towers.contributions import base_contributions
from cistrace.towers.domain import Domain
from cistrace.towers.encoding import base_codes, one_hot, opposite_codes
from cistrace.towers.site_evidence import site_evidence
from cistrace.towers.tower import Tower, fused

# Every pass has this many rows, the last filled up: a row's result then cannot depend on its neighbours. LegNet's
# largest arrays (6 MiB at 200 bp) then stay in a CPU's cache.
ROWS = 32


@dataclass(frozen=True, eq=False)
class TowerReading:
    """What the estimator says of N sequences, and how much that is to be trusted.

    Attributes
    ----------
    strands : ndarray, float32, shape (2, N, cell types)
        Activities as read from the given strand and from the other, log2(RNA/DNA).
    features : ndarray, float32, shape (N, features)
        What the last layer reads, mean of both strands.
    distances : ndarray, float32, shape (N,)
        From what the estimator learnt from (`towers.domain`); NaN where that is not known.
    """

    strands: NDArray[np.float32]
    features: NDArray[np.float32]
    distances: NDArray[np.float32]

    @property
    def activities(self) -> NDArray[np.float32]:
        """Means of both strands, the numbers of `Towers.estimate`: float32 (N, cell types)."""
        return self.strands.mean(axis=0)

    @property
    def disagreement(self) -> NDArray[np.float32]:
        """Half the distance between what the two strands say, log2 units: float32 (N, cell types)."""
        return np.abs(self.strands[0] - self.strands[1]) / 2


class Towers:
    """Two towers that share a window and cell types, and compute on the device where they lie.

    Parameters
    ----------
    estimator : Tower
        Gives the activity, mean of both strands.
    contributor : Tower
        Looks which sites weigh most.
    domain : Domain, optional
        Of the estimator.

    Raises
    ------
    ModelError
        The domain is not of as many features as the estimator has.
    """

    def __init__(self, estimator: Tower, contributor: Tower, domain: Domain | None = None) -> None:
        count = estimator.feature_count
        if domain is not None and len(domain.mean) != count:
            raise ModelError(f"domain: of {len(domain.mean)} features, expected {count}; restore it or export again")
        self.window = estimator.window
        self.domain = domain
        self.cell_types = estimator.cell_types
        self._estimator = fused(estimator)
        self._contributor = fused(contributor)

    def estimate(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Activities (N, cell types), mean of both strands, for sequences of at most `window` bp."""
        return self.strands(sequences).mean(axis=0)

    def strands(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Activities as read from the given strand and from the other: float32 (2, N, cell types)."""
        return self._both(sequences)[0]

    def reading(self, sequences: Sequence[str]) -> TowerReading:
        """What `estimate` says, and from the same passes how far each sequence lies from what was learnt from."""
        strands, features = self._both(sequences)
        mean = features.mean(axis=0)
        return TowerReading(strands, mean, self._distances(mean))

    def _distances(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of features (N, features), means of both strands: float32 (N,), NaN without a domain."""
        if self.domain is None:
            return np.full(len(features), np.nan, dtype=np.float32)
        return self.domain.distances(features)

    def _both(self, sequences: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Activities (2, N, cell types) and features (2, N, features), as read from either strand."""
        codes = base_codes(list(sequences), self.window)
        both = self._pass(self._estimator, np.concatenate([codes, opposite_codes(codes)]))
        activities, features = (part.reshape(2, len(codes), part.shape[1]) for part in both)
        return activities, features

    def evidence(self, sequences: Sequence[str], sites: Sequence[Sequence[Site]]) -> list[SequenceEvidence]:
        """Activities, as sums over the sites of each sequence: see `towers.site_evidence`."""
        strands, features = self._both(sequences)
        weights = self.weights(sequences, sites)
        found = site_evidence(self.given, self.other, sequences, sites, weights, strands)
        distances = self._distances(features.mean(axis=0)).tolist()
        return [replace(one, distance=distance) for one, distance in zip(found, distances, strict=True)]

    def given(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Activities as read from the given strand: float32 (N, cell types)."""
        return self._pass(self._estimator, base_codes(list(sequences), self.window))[0]

    def other(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Activities as read from the other strand: float32 (N, cell types)."""
        return self._pass(self._estimator, opposite_codes(base_codes(list(sequences), self.window)))[0]

    def light(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Activities as the light tower reads them from the given strand: float32 (N, cell types)."""
        return self._pass(self._contributor, base_codes(list(sequences), self.window))[0]

    def weights(self, sequences: Sequence[str], sites: Sequence[Sequence[Site]]) -> list[NDArray[np.float32]]:
        """How much each site of each sequence seems to weigh, the most of all cell types: float32 (sites,) each."""
        codes = base_codes(list(sequences), self.window)
        counts = [len(found) for found in sites]
        blanked = np.repeat(codes, counts, axis=0)
        margins = [(self.window - len(bases)) // 2 for bases in sequences]
        flat = [(site, margin) for found, margin in zip(sites, margins, strict=True) for site in found]
        for row, (site, margin) in enumerate(flat):
            blanked[row, margin + site.start : margin + site.end] = BLANK
        whole = np.repeat(self._pass(self._contributor, codes)[0], counts, axis=0)
        lost = np.abs(whole - self._pass(self._contributor, blanked)[0]).max(axis=1)
        return [lost[end - count : end] for count, end in zip(counts, np.cumsum(counts, dtype=int), strict=True)]

    def contributions(
        self, sequences: Sequence[str], activities: NDArray[np.float32] | None = None
    ) -> list[NDArray[np.float32]]:
        """What every base adds to the activity, mean of both strands, log2 units: float32 (bases, cell types) each.

        A sequence's contributions and `blank` add up to its activity, but for `towers.contributions.TOLERANCE` at
        most where its steps suffice. N adds nothing.

        Parameters
        ----------
        sequences : sequence of str
            Of at most `window` bp.
        activities : ndarray, float32, shape (N, cell types), optional
            What `estimate` says of them, where that is known already.
        """
        codes = base_codes(list(sequences), self.window)
        differences = (self.estimate(sequences) if activities is None else activities) - self.blank
        found = base_contributions(self._estimator, codes, differences)
        starts = [(self.window - len(bases)) // 2 for bases in sequences]
        return [row[start : start + len(bases)] for row, start, bases in zip(found, starts, sequences, strict=True)]

    @cached_property
    def blank(self) -> NDArray[np.float32]:
        """The activity without any base, which contributions start from: float32 (cell types,)."""
        return self.estimate([""])[0]

    @torch.inference_mode()
    def _pass(self, tower: Tower, codes: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Activities (N, cell types), and what the last layer reads (N, features), of codes (N, window)."""
        device = tower.location.device
        activities = [np.zeros((0, len(self.cell_types)), dtype=np.float32)]
        features = [np.zeros((0, tower.feature_count), dtype=np.float32)]
        for start in range(0, len(codes), ROWS):
            block = codes[start : start + ROWS]
            filled = np.full((ROWS, self.window), BLANK, dtype=np.int64)
            filled[: len(block)] = block
            found = tower.features_of(one_hot(filled).to(device))
            activities.append(tower.activities_of(found)[: len(block)].cpu().numpy())
            features.append(found[: len(block)].cpu().numpy())
        return np.concatenate(activities), np.concatenate(features)
