"""What the bases alone say: GC, CpG observed/expected, low complexity, ambiguous letters."""

from __future__ import annotations

from cistrace.cards.card import Composition

COMPLEXITY_WINDOW = 20
FEWEST_TRINUCLEOTIDES = 9


def composition(bases: str) -> Composition:
    """Measure a sequence; every figure is the same on both strands.

    Low complexity is the share of positions lying in some 20-bp window with fewer than 9 different
    trinucleotides out of 18: runs, dinucleotide and short tandem repeats, but not poly-purine tracts
    of mixed sequence. CpG observed/expected follows Gardiner-Garden & Frommer (1987):
    count(CG) x length / (count(C) x count(G)).

    Parameters
    ----------
    bases : str
        Upper-case.
    """
    c, g = bases.count("C"), bases.count("G")
    known = c + g + bases.count("A") + bases.count("T")
    gc = (c + g) / known if known else 0.0
    cpg = bases.count("CG") * known / (c * g) if c and g else 0.0
    return Composition(round(gc, 3), min(round(cpg, 2), 9.99), low_complexity(bases), len(bases) - known)


def low_complexity(bases: str) -> float:
    """Share of positions covered by windows poor in different trinucleotides, 2 decimals."""
    words = [bases[i : i + 3] for i in range(len(bases) - 2)]
    per_window = COMPLEXITY_WINDOW - 2
    covered = bytearray(len(bases))
    counts: dict[str, int] = {}
    for last, word in enumerate(words):
        counts[word] = counts.get(word, 0) + 1
        first = last - per_window + 1
        if first < 0:
            continue
        if len(counts) < FEWEST_TRINUCLEOTIDES:
            covered[first : first + COMPLEXITY_WINDOW] = b"\x01" * COMPLEXITY_WINDOW
        leaving = words[first]
        counts[leaving] -= 1
        if not counts[leaving]:
            del counts[leaving]
    return round(sum(covered) / len(bases), 2) if bases else 0.0
