"""What takes the place of a site's bases when it is taken away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

import numpy as np

from cistrace.io.codes import BASES
from cistrace.motifs.scanner import Scanner


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a whole sequence: 0-based, half-open."""

    bases: str
    start: int
    end: int

    def filled(self, filling: str) -> str:
        """The sequence with other bases there."""
        return self.bases[: self.start] + filling + self.bases[self.end :]


Filling = Callable[[Sequence[Place]], list[str]]
"""Places to the bases that are put there, as many as were."""


def blanks(places: Sequence[Place]) -> list[str]:
    """N for every base of `places`, for models that read N as nothing, as the towers do."""
    return ["N" * (place.end - place.start) for place in places]


class NeutralBases:
    """Bases drawn with the dinucleotides of the sequence until few motifs fit there; for models that must read letters.

    The same at every call: what is drawn follows from the sequence and the place.
    """

    def __init__(self, scanner: Scanner, draws: int = 8) -> None:
        self._scanner = scanner
        self._draws = draws

    def __call__(self, places: Sequence[Place]) -> list[str]:
        """Of each place's draws the one with the fewest hits upon it, the first of those."""
        drawn = [drawn_bases(place, self._draws) for place in places]
        hits = self._scanner.scan([place.filled(one) for place, many in zip(places, drawn) for one in many])
        rows = iter(hits)
        result = []
        for place, many in zip(places, drawn, strict=True):
            upon = [sum(hit.start < place.end and place.start < hit.end for hit in next(rows)) for _ in many]
            result.append(many[int(np.argmin(upon))])
        return result


def drawn_bases(place: Place, draws: int) -> list[str]:
    """Draws from a chain of order one over the steps from base to base of the sequence of `place`, each seen once more.

    The first base follows upon the one before the place.
    """
    steps = np.ones((4, 4))
    codes = [BASES.find(base) for base in place.bases]
    for left, right in pairwise(codes):
        if left >= 0 and right >= 0:
            steps[left, right] += 1
    limits = (steps / steps.sum(axis=1, keepdims=True)).cumsum(axis=1)
    anywhere = (steps.sum(axis=0) / steps.sum()).cumsum()
    digest = sha256(place.bases.encode()).digest()[:8]
    random = np.random.default_rng([int.from_bytes(digest), place.start, place.end])
    result = []
    for row in random.random((draws, place.end - place.start)):
        at, found = codes[place.start - 1] if place.start else -1, ""
        for value in row:
            at = min(int(np.searchsorted(limits[at] if at >= 0 else anywhere, value, side="right")), 3)
            found += BASES[at]
        result.append(found)
    return result
