"""Cards that nobody could foretell: stretches of elements, their sites elsewhere, names and amounts of others.

The writer has to copy what a card says, never what cards mostly say. Cards of whole elements are much alike; a writer
that has seen little else copies by distance, not by content, and errs on short sequences, on rare names, on sites of an
unusual width, and on what few traces tell (docs/experiments.md). So of these cards, which serve the writing alone,
everything is drawn, and for every cell type anew: length, number of sites, places, names, strands, bits, amounts. Rare
names come as often as common ones, and several sites often share a name, by which groups and known partners arise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.evidence import MOST_TOLD, SequenceEvidence
from cistrace.cards.grammar import GROUPS, KNOWN_PAIRS
from cistrace.cards.sites import Site
from cistrace.motifs.hit import STRANDS
from cistrace.mpra.table import MpraTable

WHOLE = 0.5  # share of the stretches that are whole elements: what a writer mostly reads
UNDER_THEIR_OWN, UNDER_A_FEW, UNDER_ANY = 0.25, 0.4, 0.35  # shares of the ways in which sites are named and placed
ALL_THERE = 0.5  # share of the sequences that keep as many sites as a card can hold amounts of
NARROWEST = 5  # bp of a site that is drawn
LEAST_BITS, MOST_BITS = -5, 45
LARGEST = 6.0  # log2 units that the amounts of a card may come to, in size
LOUDER = 3.0  # times that an amount may be larger than the one it was drawn as; most are small
QUIETER = 0.1, 0.5  # times that it may be smaller: a trace of few sites has room for what they are together

SiteName = tuple[str, str]
"""TF symbol and archetype."""


def stretches(table: MpraTable, rows: NDArray[np.int64], random: np.random.Generator, shortest: int) -> MpraTable:
    """The table with a stretch of every given row in the place of its sequence, `shortest` bp or more."""
    sequences = list(table.sequences)
    for row in rows:
        sequences[row] = stretch(sequences[row], random, shortest)
    return replace(table, sequences=tuple(sequences))


def stretch(bases: str, random: np.random.Generator, shortest: int) -> str:
    """Half of the time the whole sequence, else a stretch of it, every length from the shortest on as likely."""
    if random.random() < WHOLE:
        return bases
    length = int(random.integers(min(shortest, len(bases)), len(bases) + 1))
    start = int(random.integers(0, len(bases) - length + 1))
    return bases[start : start + length]


def thin(sites: tuple[Site, ...], random: np.random.Generator) -> tuple[Site, ...]:
    """Half of the time as many sites as have amounts of their own, else any number down to none; drawn at random."""
    most = MOST_TOLD if random.random() < ALL_THERE else int(random.integers(0, MOST_TOLD + 1))
    kept = min(len(sites), most)
    return tuple(sites[place] for place in sorted(random.choice(len(sites), kept, replace=False)))


def redrawn(
    sites: tuple[Site, ...], bases: int, names: Sequence[SiteName], random: np.random.Generator
) -> tuple[Site, ...]:  # fmt: skip
    """As many sites at places, under names, strands and bits of which any is as likely as any other; or as they are.

    Parameters
    ----------
    bases : int
        Of the sequence, bp; where the narrowest sites do not fit, they stay where they are.
    names : sequence of (str, str)
        TF symbol and archetype of every name that a site can have, each once.
    """
    way = random.random()
    if way < UNDER_THEIR_OWN:
        return sites
    chosen = names if way < UNDER_THEIR_OWN + UNDER_ANY else _few(names, random)
    placed = _elsewhere(sites, bases, random)
    return tuple(_under(site, chosen[int(random.integers(len(chosen)))], random) for site in placed)


def _elsewhere(sites: tuple[Site, ...], bases: int, random: np.random.Generator) -> tuple[Site, ...]:
    """Sites of every width from the narrowest on, in order, none on another's bases."""
    spare = bases - NARROWEST * len(sites)
    if spare < 0:
        return sites
    edges = np.sort(random.integers(0, spare + 1, 2 * len(sites))).reshape(
        -1, 2
    )  # of sites that are too narrow by that
    shifts = NARROWEST * np.arange(len(sites))
    starts, ends = (edges[:, 0] + shifts).tolist(), (edges[:, 1] + shifts + NARROWEST).tolist()
    return tuple(_at(site, start, end) for site, start, end in zip(sites, starts, ends, strict=True))


def _at(site: Site, start: int, end: int) -> Site:
    return replace(site, start=start, end=end, hit=replace(site.hit, start=start, end=end))


def _few(names: Sequence[SiteName], random: np.random.Generator) -> list[SiteName]:
    """Two names: any two, or those of known partners."""
    if random.random() < 0.5:
        return [names[at] for at in random.integers(len(names), size=2).tolist()]
    groups = KNOWN_PAIRS[int(random.integers(len(KNOWN_PAIRS)))]
    candidates = [[name for name in names if name[1] in GROUPS[group]] or names for group in groups]
    return [members[int(random.integers(len(members)))] for members in candidates]


def _under(site: Site, name: SiteName, random: np.random.Generator) -> Site:
    bits = int(random.integers(LEAST_BITS, MOST_BITS + 1))
    strand = STRANDS[int(random.integers(len(STRANDS)))]
    hit = replace(site.hit, score=float(bits), strand=strand)
    return replace(site, hit=hit, symbol=name[0], archetype=name[1])


def lent(sites: int, lenders: Sequence[SequenceEvidence], random: np.random.Generator) -> SequenceEvidence:
    """Evidence of so many sites, put together from that of three other sequences; half of it louder, a quarter quieter.

    Parameters
    ----------
    sites : int
        At most twice as many as have amounts of their own.
    lenders : sequence of SequenceEvidence
    """
    backdrop, sizes, rest = (lenders[int(random.integers(len(lenders)))] for _ in range(3))
    amounts = np.concatenate([sizes.amounts, rest.amounts])[:sites]
    loud = _loudness(random)
    sums = np.abs(amounts).sum(axis=0).max(initial=0.0)
    amounts = amounts * np.float32(min(loud, LARGEST / sums if sums else loud))
    told = tuple(random.permutation(sites)[: len(amounts)].tolist())
    estimates = backdrop.backdrops + amounts.sum(axis=0)
    interplay = rest.interplay * np.float32(random.uniform(1, LOUDER))
    return SequenceEvidence(estimates, backdrop.backdrops, told, amounts, (0, 1) if len(told) > 1 else None, interplay)


def _loudness(random: np.random.Generator) -> float:
    way = random.random()
    return random.uniform(1, LOUDER) if way < 0.5 else random.uniform(*QUIETER) if way < 0.75 else 1.0
