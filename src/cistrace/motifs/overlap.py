"""Which motif hit survives an overlap: of one family, the best."""

from __future__ import annotations

from collections.abc import Iterable

from cistrace.motifs.hit import MotifHit


def best_of_family(hits: Iterable[MotifHit]) -> tuple[MotifHit, ...]:
    """Of overlapping hits of one family keep the best; result by falling score.

    Two hits are of one family when their sets of families meet; TFs without a family meet only
    their own name. Hits are taken by falling score, and a hit stays unless one of its family that
    already stays overlaps it.
    """
    kept: list[MotifHit] = []
    by_family: dict[str, list[MotifHit]] = {}
    for hit in sorted(hits, key=_rank):
        names = hit.families or frozenset({hit.name})
        rivals = (rival for name in names for rival in by_family.get(name, ()))
        if any(hit.start < rival.end and rival.start < hit.end for rival in rivals):
            continue
        kept.append(hit)
        for name in names:
            by_family.setdefault(name, []).append(hit)
    return tuple(kept)


def _rank(hit: MotifHit) -> tuple[float, int, int, str, str, list[str]]:
    """A total order, so that the order in which hits come does not matter."""
    return (-round(hit.score, 2), hit.start, hit.end, hit.matrix_id, hit.strand, sorted(hit.families or {hit.name}))
