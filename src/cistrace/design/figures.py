"""What of a sequence shows stuffing or repeats: its sites, how much of it they cover, and how repetitive it is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cistrace.cards.sites import Site, sites_of
from cistrace.motifs.scanner import Scanner

DUST_WINDOW = 64  # bp
ENTROPY_WORD = 4


@dataclass(frozen=True)
class SequenceFigures:
    """Figures of one sequence.

    Attributes
    ----------
    gc : float
        Share of G and C.
    sites : int
    covered : float
        Share of the bases that sites own.
    archetypes : mapping of str to int
        How many sites each archetype has.
    entropy : float
        Of its words of four bases, bits: at most 7.6 in 200 bp.
    dust : float
        Largest DUST score of a window of 64 bp (Morgulis et al. 2006): about 1 in random DNA, 31 in a run.
    length : int
        bp.
    """

    gc: float
    sites: int
    covered: float
    archetypes: Mapping[str, int]
    entropy: float
    dust: float
    length: int


def sequence_figures(sequences: Sequence[str], scanner: Scanner) -> list[SequenceFigures]:
    """Figures of sequences in upper case, with the sites that cards have (`motifs.scanner.site_scanner`)."""
    return [figures_of(bases, sites_of(hits)) for bases, hits in zip(sequences, scanner.scan(list(sequences)))]


def figures_of(bases: str, sites: Sequence[Site]) -> SequenceFigures:
    """Figures of a sequence with its sites, no two of which share a base."""
    return SequenceFigures(
        gc=(bases.count("G") + bases.count("C")) / max(1, len(bases)),
        sites=len(sites),
        covered=sum(site.width for site in sites) / max(1, len(bases)),
        archetypes=dict(Counter(site.archetype for site in sites)),
        entropy=word_entropy(bases),
        dust=dust_score(bases),
        length=len(bases),
    )


def word_entropy(bases: str, word: int = ENTROPY_WORD) -> float:
    """Shannon entropy of a sequence's words, overlapping ones all counted, bits; 0 where it has none."""
    counts = Counter(bases[at : at + word] for at in range(len(bases) - word + 1)).values()
    total = sum(counts)
    return sum(count / total * math.log2(total / count) for count in counts)


def dust_score(bases: str, window: int = DUST_WINDOW) -> float:
    """The largest DUST score of all windows: pairs of equal trinucleotides by the number of trinucleotides less one."""
    words = [bases[at : at + 3] for at in range(len(bases) - 2)]
    size = min(window - 2, len(words))
    if size < 2:
        return 0.0
    counts: Counter[str] = Counter()
    pairs = largest = 0
    for place, word in enumerate(words):
        pairs += counts[word]
        counts[word] += 1
        if place >= size:
            left = words[place - size]
            counts[left] -= 1
            pairs -= counts[left]
        largest = max(largest, pairs)
    return largest / (size - 1)
