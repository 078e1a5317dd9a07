"""Random motifs and sequences, and FIMO's background."""

from __future__ import annotations

import numpy as np

from cistrace.motifs.background import load_background
from cistrace.motifs.matrices import CountMatrix
from cistrace.motifs.motif import Motif

FIMO_BACKGROUND = load_background("fimo")


def random_motif(width: int, seed: int, name: str | None = None) -> Motif:
    rng = np.random.default_rng(seed)
    counts = np.floor(rng.dirichlet([0.4] * 4, size=width) * rng.integers(5, 500))
    counts[counts.sum(axis=1) == 0] = 1
    return Motif(name or f"R{width:02d}.{seed}", f"TF{seed}", frozenset(), CountMatrix(counts))


def random_sequences(number: int, length: int = 200, seed: int = 0) -> list[str]:
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    drawn = np.random.default_rng(seed).integers(0, 4, size=(number, length))
    return [letters[row].tobytes().decode() for row in drawn]
