"""Motif grammar: how sites stand to one another, as tags that a trace may cite.

Two kinds. `homotypic`: three or more sites of one archetype. `pair`: the closest sites of two groups of archetypes
known to work together, at most 30 bp apart. Thresholds are round numbers chosen before any fit. On a paper card hits
stand in the place of sites.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from cistrace.cards.card import GrammarTag

HOMOTYPIC_SITES = 3
PAIR_DISTANCE = 30

# Archetypes (`motifs.archetypes`) of the groups below. Composites (TAL1-GATA, OCT4-SOX2, ETS::FOX) are one site each.
GROUPS: dict[str, frozenset[str]] = {
    "AP-1": frozenset({"AP-1"}),
    "C/EBP": frozenset({"C/EBP"}),
    "ETS": frozenset({"ETS", "ETV2", "SPIC", "SPDEF"}),
    "FOX": frozenset({"FOX"}),
    "GATA": frozenset({"GATA", "TAL1-GATA"}),
    "HNF1": frozenset({"HNF1"}),
    "HNF4": frozenset({"HNF4", "NR/DR1"}),
    "NFAT": frozenset({"NFAT"}),
    "NFY": frozenset({"NFY", "NFYB"}),
    "OCT": frozenset({"OCT"}),
    "RUNX": frozenset({"RUNX"}),
    "SOX": frozenset({"SOX", "SOX/ACAAAG"}),
    "SP/KLF": frozenset({"SP/KLF"}),
    "TAL1": frozenset({"E-box/CATCTG", "E-box/CAGCTG"}),
    "TEAD": frozenset({"TEAD"}),
}

# Groups whose members are reported to act together on shared elements.
KNOWN_PAIRS: tuple[tuple[str, str], ...] = (
    ("GATA", "TAL1"),  # GATA1-TAL1 composite, Wadman et al. 1997
    ("GATA", "SP/KLF"),  # GATA1-KLF1, Merika & Orkin 1995
    ("ETS", "RUNX"),  # ETS1-RUNX1, Goetz et al. 2000
    ("ETS", "AP-1"),  # ETS-AP-1, Wasylyk et al. 1990
    ("ETS", "GATA"),  # ETS-GATA, Doré et al. 2012
    ("FOX", "HNF4"),  # FOXA-HNF4A, Odom et al. 2004
    ("C/EBP", "HNF4"),  # CEBP-HNF4A, Stefflova et al. 2013
    ("C/EBP", "FOX"),  # CEBP-FOXA, Stefflova et al. 2013
    ("HNF1", "HNF4"),  # HNF1A-HNF4A, Eeckhoute et al. 2004
    ("OCT", "SOX"),  # OCT4-SOX2, Ambrosetti et al. 1997
    ("AP-1", "NFAT"),  # AP-1-NFAT, Chen et al. 1998
    ("AP-1", "TEAD"),  # AP-1-TEAD, Zanconato et al. 2015
    ("NFY", "SP/KLF"),  # NFY-SP1, Wright et al. 1995
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A site or hit as grammar sees it: 0-based, half-open."""

    start: int
    end: int
    archetype: str


def grammar_tags(placed: Sequence[Placed]) -> tuple[GrammarTag, ...]:
    """All tags of a card's sites, homotypic first, then pairs."""
    return (*_homotypic(placed), *_pairs(placed))


def _homotypic(placed: Sequence[Placed]) -> list[GrammarTag]:
    members: dict[str, list[int]] = {}
    for index, one in enumerate(placed):
        members.setdefault(one.archetype, []).append(index)
    found = [(archetype, group) for archetype, group in members.items() if len(group) >= HOMOTYPIC_SITES]
    found.sort(key=lambda item: (-len(item[1]), item[0]))
    return [GrammarTag("homotypic", tuple(group), archetype, _span(placed, group)) for archetype, group in found]


def _span(placed: Sequence[Placed], members: Sequence[int]) -> int:
    return max(placed[i].end for i in members) - min(placed[i].start for i in members)


def _pairs(placed: Sequence[Placed]) -> list[GrammarTag]:
    tags = []
    for first, second in KNOWN_PAIRS:
        left = [i for i, one in enumerate(placed) if one.archetype in GROUPS[first]]
        right = [i for i, one in enumerate(placed) if one.archetype in GROUPS[second]]
        apart = [(_gap(placed[i], placed[j]), min(i, j), max(i, j)) for i, j in product(left, right) if i != j]
        near = [entry for entry in apart if 0 <= entry[0] <= PAIR_DISTANCE]
        if near:
            gap, i, j = min(near)
            tags.append(GrammarTag("pair", (i, j), f"{first} + {second}", gap))
    return tags


def _gap(a: Placed, b: Placed) -> int:
    """Bases between two of them; negative where they overlap."""
    return max(a.start, b.start) - min(a.end, b.end)
