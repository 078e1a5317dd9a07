"""Motifs by name, their hits in sequences, and how many bases a sequence is away from one.

A hit is one at the threshold that sites of a card have: p <= 5e-5, and of a motif so short that no word passes, its
best words.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import ConstraintError
from cistrace.io.codes import codes_of
from cistrace.motifs.archetypes import matrix_names
from cistrace.motifs.background import load_background
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.integer_matrix import integer_matrix
from cistrace.motifs.library import MotifLibrary, load_library
from cistrace.motifs.motif import Motif
from cistrace.motifs.p_values import hit_table
from cistrace.motifs.scanner import BEST_WORD_P, DEFAULT_P_THRESHOLD, Scanner

BACKGROUND = "fimo"


@cache
def named_motifs(name: str) -> tuple[Motif, ...]:
    """The matrices of a name in the shipped library: its id (`MA0114.5`), or its TF's name, in either case.

    Raises
    ------
    ConstraintError
        There is none, or none that could have a hit.
    """
    asked = name.upper()
    names = matrix_names()
    library = load_library().motifs
    found = tuple(
        motif
        for motif in library
        if asked in (motif.matrix_id.upper(), motif.name.upper(), names[motif.matrix_id].symbol.upper())
    )
    if not found:
        known = {motif.name for motif in library} | {names[motif.matrix_id].symbol for motif in library}
        near = get_close_matches(asked, sorted(known), 3, 0.6)
        mend = f"did you mean {', '.join(near)}?" if near else "correct or remove it"
        raise ConstraintError([f"found {name[:80]!r}, expected a TF or matrix id of {load_library().name}; {mend}"])
    usable = tuple(motif for motif in found if slack(motif) is not None)
    if not usable:
        raise ConstraintError([f"found {name!r}, whose matrix has no word at the scanner's threshold; choose another"])
    return usable


@cache
def deficits(motif: Motif) -> NDArray[np.int64]:
    """What each base costs against the best of its place: int64 (width, 5), columns A, C, G, T and any other letter."""
    entries = integer_matrix(motif, load_background(BACKGROUND)).entries
    lost = entries.max(axis=1, keepdims=True) - entries
    return np.hstack([lost, np.full((len(entries), 1), int(lost.max()) * len(entries) + 1)])


@cache
def slack(motif: Motif) -> int | None:
    """The largest sum of `deficits` that a hit has; None for a motif without any."""
    background = load_background(BACKGROUND)
    table = hit_table(integer_matrix(motif, background), background, DEFAULT_P_THRESHOLD, BEST_WORD_P)
    return len(table) - 1 if len(table) else None


def edits_to_hit(bases: str, motifs: Sequence[Motif]) -> int:
    """Fewest substitutions after which a sequence has a hit of one of the motifs; its length where none fits in."""
    codes = codes_of(bases)
    return min((_edits_to_one(codes, motif) for motif in motifs), default=len(codes))


def _edits_to_one(codes: NDArray[np.uint8], motif: Motif) -> int:
    lost, allowed = deficits(motif), slack(motif)
    width = len(lost)
    if allowed is None or len(codes) < width:
        return len(codes)
    windows = np.lib.stride_tricks.sliding_window_view(codes, width)
    fewest = len(codes)
    for table in (lost, lost[::-1, [3, 2, 1, 0, 4]]):
        costs = np.sort(table[np.arange(width), windows], axis=1)[:, ::-1]
        left = costs.sum(axis=1, keepdims=True) - np.cumsum(np.hstack([np.zeros_like(costs[:, :1]), costs]), axis=1)
        fewest = min(fewest, int((left <= allowed).argmax(axis=1).min()))
    return fewest


class MotifFinder:
    """Hits of named motifs: which of the names each sequence has, and where.

    Parameters
    ----------
    names : sequence of str
        As `named_motifs` takes them.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._places: dict[str, list[int]] = {}
        motifs: dict[str, Motif] = {}
        for place, name in enumerate(names):
            for motif in named_motifs(name):
                motifs[motif.matrix_id] = motif
                self._places.setdefault(motif.matrix_id, []).append(place)
        self._names = len(names)
        self._scanner = Scanner(
            MotifLibrary("named", tuple(sorted(motifs.values(), key=lambda motif: motif.matrix_id))),
            load_background(BACKGROUND),
            best_word_p=BEST_WORD_P,
        )

    def hits(self, sequences: Sequence[str]) -> list[tuple[MotifHit, ...]]:
        """The hits of all names in each sequence."""
        return self._scanner.scan(list(sequences))

    def counts(self, sequences: Sequence[str]) -> NDArray[np.int64]:
        """Places at which each sequence has a hit of each name: int64 (N, names)."""
        counts = np.zeros((len(sequences), self._names), dtype=np.int64)
        for row, hits in enumerate(self.hits(sequences)):
            for place, _, _ in {(place, hit.start, hit.end) for hit in hits for place in self._places[hit.matrix_id]}:
                counts[row, place] += 1
        return counts
