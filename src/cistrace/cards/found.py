"""What a scan found on one sequence, as cards need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cistrace.cards.sites import Site, sites_of
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.overlap import best_of_family
from cistrace.motifs.scanner import DEFAULT_P_THRESHOLD


@dataclass(frozen=True, slots=True)
class FoundMotifs:
    """Hits and sites of one sequence.

    Attributes
    ----------
    hits : tuple of MotifHit
        FIMO's, the best of a family where they overlap, by falling score.
    sites : tuple of Site
        Of all hits, by rising start.
    """

    hits: tuple[MotifHit, ...]
    sites: tuple[Site, ...]


def found_motifs(hits: Sequence[MotifHit], expressed: frozenset[str] | None = None) -> FoundMotifs:
    """All hits of a sequence, sorted out; `expressed` as of `sites_of`.

    Best words of short matrices, above the threshold of p-values, count for sites alone (`site_scanner`).
    """
    return FoundMotifs(listed_hits(hits), sites_of(hits, expressed))


def listed_hits(hits: Sequence[MotifHit]) -> tuple[MotifHit, ...]:
    """The hits that a card lists of all: FIMO's, the best of a family where they overlap, by falling score."""
    return best_of_family([hit for hit in hits if hit.p_value is None or hit.p_value <= DEFAULT_P_THRESHOLD])
