"""Motif grammar: how hits stand to one another, as tags that a trace may cite.

Three kinds. `homotypic`: three or more hits of one family. `pair`: the closest hits of two families
known to work together, at most 30 bp apart. `cluster`: five or more hits within 60 bp. Thresholds are
round numbers chosen before any fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from cistrace.cards.card import GrammarTag
from cistrace.motifs.hit import MotifHit

HOMOTYPIC_HITS = 3
PAIR_DISTANCE = 30
CLUSTER_HITS = 5
CLUSTER_SPAN = 60
LARGEST_CLUSTER = 8

# Families (JASPAR's names) whose members are reported to act together on shared elements.
KNOWN_PAIRS: tuple[tuple[str, str], ...] = (
    ("C4-GATA-related", "Tal-related"),  # GATA1-TAL1 composite, Wadman et al. 1997
    ("C4-GATA-related", "Three-zinc finger Kruppel-related"),  # GATA1-KLF1, Merika & Orkin 1995
    ("Ets-related", "Runt-related factors"),  # ETS1-RUNX1, Goetz et al. 2000
    ("Ets-related", "Fos-related"),  # ETS-AP-1, Wasylyk et al. 1990
    ("Ets-related", "C4-GATA-related"),  # ETS-GATA, Doré et al. 2012
    ("FOX", "RXR-related receptors (NR2)"),  # FOXA-HNF4A, Odom et al. 2004
    ("CEBP-related", "RXR-related receptors (NR2)"),  # CEBP-HNF4A, Stefflova et al. 2013
    ("CEBP-related", "FOX"),  # CEBP-FOXA, Stefflova et al. 2013
    ("POU domain factors", "RXR-related receptors (NR2)"),  # HNF1A-HNF4A, Eeckhoute et al. 2004
    ("POU domain factors", "SOX-related factors"),  # OCT4-SOX2, Ambrosetti et al. 1997
    ("Fos-related", "NFAT-related factors"),  # AP-1-NFAT, Chen et al. 1998
    ("Fos-related", "TEF-1-related factors"),  # AP-1-TEAD, Zanconato et al. 2015
    ("Heteromeric CCAAT-binding", "Three-zinc finger Kruppel-related"),  # NFY-SP1, Wright et al. 1995
)


def family_label(families: frozenset[str]) -> str:
    """Families as one text, sorted: `Fos-related; Jun-related`, or `no family`."""
    return "; ".join(sorted(families)) or "no family"


def grammar_tags(hits: Sequence[MotifHit]) -> tuple[GrammarTag, ...]:
    """All tags of a card's hits, homotypic first, then pairs, then the densest cluster."""
    return (*_homotypic(hits), *_pairs(hits), *_cluster(hits))


def _span(hits: Sequence[MotifHit], members: Sequence[int]) -> int:
    return max(hits[i].end for i in members) - min(hits[i].start for i in members)


def _homotypic(hits: Sequence[MotifHit]) -> list[GrammarTag]:
    members: dict[str, list[int]] = {}
    for index, hit in enumerate(hits):
        for family in hit.families:
            members.setdefault(family, []).append(index)
    found = [(family, group) for family, group in members.items() if len(group) >= HOMOTYPIC_HITS]
    found.sort(key=lambda item: (-len(item[1]), item[0]))
    return [GrammarTag("homotypic", tuple(group), family, _span(hits, group)) for family, group in found]


def _pairs(hits: Sequence[MotifHit]) -> list[GrammarTag]:
    tags = []
    for first, second in KNOWN_PAIRS:
        left = [i for i, hit in enumerate(hits) if first in hit.families]
        right = [i for i, hit in enumerate(hits) if second in hit.families]
        apart = [(_gap(hits[i], hits[j]), min(i, j), max(i, j)) for i, j in product(left, right) if i != j]
        near = [entry for entry in apart if 0 <= entry[0] <= PAIR_DISTANCE]
        if near:
            gap, i, j = min(near)
            tags.append(GrammarTag("pair", (i, j), f"{first} + {second}", gap))
    return tags


def _gap(a: MotifHit, b: MotifHit) -> int:
    """Bases between two hits; negative where they overlap."""
    return max(a.start, b.start) - min(a.end, b.end)


def _cluster(hits: Sequence[MotifHit]) -> list[GrammarTag]:
    order = sorted(range(len(hits)), key=lambda i: (hits[i].start, hits[i].end, i))
    best: list[int] = []
    for at, first in enumerate(order):
        inside = [i for i in order[at:] if hits[i].end - hits[first].start <= CLUSTER_SPAN]
        if len(inside) > len(best):
            best = inside
    if len(best) < CLUSTER_HITS:
        return []
    best = best[:LARGEST_CLUSTER]
    return [GrammarTag("cluster", tuple(sorted(best)), "", _span(hits, best))]
