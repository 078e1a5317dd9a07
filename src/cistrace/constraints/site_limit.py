"""How many sites of one archetype a design has, and which of them are too many.

Sites are those of cards: hits that lie on one another count once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.sites import Site, sites_of
from cistrace.motifs.scanner import Scanner, site_scanner


class SiteLimit:
    """Counts sites beyond a limit.

    Parameters
    ----------
    most : int
        Sites of one archetype that are allowed.
    """

    def __init__(self, most: int) -> None:
        self._most = most

    @cached_property
    def _scanner(self) -> Scanner:
        return site_scanner()

    def counts(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Sites too many of each sequence, of all archetypes together: float32 (N,)."""
        scanned = self._scanner.scan(list(sequences))
        return np.array([len(self._beyond(sites_of(hits))) for hits in scanned], dtype=np.float32)

    def surplus(self, bases: str) -> list[Site]:
        """The sites too many of a sequence: of each archetype those that fit worst, by rising start."""
        (hits,) = self._scanner.scan([bases])
        return sorted(self._beyond(sites_of(hits)), key=lambda site: site.start)

    def _beyond(self, sites: Sequence[Site]) -> list[Site]:
        alike: defaultdict[str, list[Site]] = defaultdict(list)
        for site in sites:
            alike[site.archetype].append(site)
        return [
            site
            for several in alike.values()
            for site in sorted(several, key=lambda site: (site.hit.p_value, site.start))[self._most :]
        ]
