"""An account of a set of designs, after polygraph (Lal et al. 2024): diversity, motifs, composition, neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cistrace.constraints.distances import edit_distances
from cistrace.design.figures import SequenceFigures
from cistrace.mpra.kmers import kmer_keys

WORD = 6  # bases of the words whose frequencies are compared
MOST_MOTIFS = 15


@dataclass(frozen=True, slots=True)
class MotifShare:
    """An archetype in the designs: share of the designs, of starts and of natural elements that have a site of it.

    Attributes
    ----------
    archetype : str
    designs, sites : float
        Share of the designs with a site; sites a design.
    starts, natural : float or None
        Shares of the starts and of natural elements; None without any.
    """

    archetype: str
    designs: float
    sites: float
    starts: float | None
    natural: float | None


@dataclass(frozen=True)
class SetAccount:
    """What can be said of designs as a set.

    Attributes
    ----------
    designs : int
    lengths : tuple of 2 int
        Shortest and longest, bp.
    gc : tuple of 3 float
        Lowest, mean and highest share of G and C.
    apart : tuple of 3 int or None
        Least, median and largest edit distance of two designs; None of a single one.
    neighbour : float or None
        Mean edit distance of a design from its nearest other.
    word_distance : float or None
        Mean cosine distance of two designs in the frequencies of their words of six bases, strands as one: 0 for
        equal, 1 for nothing in common.
    distinct_words : float
        Share of all words of six bases, strands as one, that some design has.
    sites : float
        Sites a design.
    motifs : tuple of MotifShare
        The commonest archetypes.
    natural : tuple of 3 int or None
        Least, median and largest edit distance from the nearest natural element; None where none were given.
    """

    designs: int
    lengths: tuple[int, int]
    gc: tuple[float, float, float]
    apart: tuple[int, int, int] | None
    neighbour: float | None
    word_distance: float | None
    distinct_words: float
    sites: float
    motifs: tuple[MotifShare, ...]
    natural: tuple[int, int, int] | None


def account_of(
    sequences: Sequence[str],
    figures: Sequence[SequenceFigures],
    starts: Sequence[SequenceFigures] = (),
    natural: Sequence[SequenceFigures] = (),
    natural_edits: Sequence[int] | None = None,
) -> SetAccount:
    """The account of designs, at least one, with their figures in the same order.

    Parameters
    ----------
    starts, natural : sequence of SequenceFigures
        Of the starts, each once, and of natural elements.
    natural_edits : sequence of int, optional
        Of each design, the edit distance from the nearest natural element.
    """
    gc = np.array([one.gc for one in figures])
    words, distinct = _words(sequences)
    apart, neighbour = _apart(sequences)
    return SetAccount(
        designs=len(sequences),
        lengths=(min(map(len, sequences)), max(map(len, sequences))),
        gc=(float(gc.min()), float(gc.mean()), float(gc.max())),
        apart=apart,
        neighbour=neighbour,
        word_distance=words,
        distinct_words=distinct,
        sites=float(np.mean([one.sites for one in figures])),
        motifs=tuple(_motifs(figures, starts, natural)),
        natural=None if natural_edits is None else _three(np.array(natural_edits)),
    )


def _three(values: NDArray[np.integer]) -> tuple[int, int, int]:
    return int(values.min()), int(np.median(values)), int(values.max())


def _apart(sequences: Sequence[str]) -> tuple[tuple[int, int, int] | None, float | None]:
    """Edit distances of all pairs, and the mean one to the nearest other."""
    if len(sequences) < 2:
        return None, None
    found = edit_distances(list(sequences), list(sequences)).astype(np.int64)
    pairs = found[np.triu_indices(len(found), 1)]
    np.fill_diagonal(found, np.iinfo(np.int64).max)
    return _three(pairs), float(found.min(axis=1).mean())


def _words(sequences: Sequence[str]) -> tuple[float | None, float]:
    """Mean cosine distance of two sequences in their words, and the share of all words that some sequence has."""
    keys, rows = kmer_keys(sequences, WORD)
    names, columns = np.unique(keys, return_inverse=True)
    possible = (4**WORD + 4 ** (WORD // 2)) // 2  # words and their reverse complements as one; palindromes are alone
    counts = np.zeros((len(sequences), max(1, len(names))))
    np.add.at(counts, (rows, columns), 1)
    sizes = np.linalg.norm(counts, axis=1, keepdims=True)
    unit = counts / np.maximum(sizes, 1e-12)
    likeness = (unit @ unit.T)[np.triu_indices(len(sequences), 1)]
    return (float(1 - likeness.mean()) if len(likeness) else None), len(names) / possible


def _motifs(
    designs: Sequence[SequenceFigures], starts: Sequence[SequenceFigures], natural: Sequence[SequenceFigures]
) -> list[MotifShare]:
    """The archetypes that most designs have, then those of most sites."""
    names = {archetype for one in designs for archetype in one.archetypes}
    found = [
        MotifShare(
            name, _share(name, designs) or 0.0, _sites(name, designs), _share(name, starts), _share(name, natural)
        )
        for name in names
    ]
    return sorted(found, key=lambda one: (-one.designs, -one.sites, one.archetype))[:MOST_MOTIFS]


def _share(archetype: str, figures: Sequence[SequenceFigures]) -> float | None:
    return sum(archetype in one.archetypes for one in figures) / len(figures) if figures else None


def _sites(archetype: str, figures: Sequence[SequenceFigures]) -> float:
    return sum(one.archetypes.get(archetype, 0) for one in figures) / len(figures)
