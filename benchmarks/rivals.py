"""What cistrace is timed against: pymemesuite's FIMO and bare lightmotif, on the same random sequences."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from lightmotif.lib import ScoringMatrix, stripe
from lightmotif.lib import scan as scan_striped

from cistrace.motifs.background import Background
from cistrace.motifs.integer_matrix import integer_matrix
from cistrace.motifs.library import MotifLibrary
from cistrace.motifs.p_values import p_values
from cistrace.motifs.scanner import DEFAULT_P_THRESHOLD

LENGTH = 200


def random_sequences(number: int) -> list[str]:
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    drawn = np.random.default_rng(0).integers(0, 4, size=(number, LENGTH))
    return [letters[row].tobytes().decode() for row in drawn]


def bare_lightmotif(library: MotifLibrary, background: Background, sequences: list[str]) -> Callable[[], int]:
    """Counting hits of every matrix in one joined sequence, both strands: no sorting, no p-values, no records."""
    passes = []
    for motif in library.motifs:
        matrix = integer_matrix(motif, background)
        deficit = int(np.searchsorted(p_values(matrix, background), DEFAULT_P_THRESHOLD, side="right")) - 1
        for entries in (matrix.entries, matrix.entries[::-1, ::-1]):
            columns = {letter: entries[:, i].tolist() for i, letter in enumerate("ACGT")}
            passes.append((ScoringMatrix({**columns, "N": [-1e6] * len(entries)}), float(matrix.best - deficit)))
    striped = stripe("N".join(sequences))
    return lambda: sum(len(list(scan_striped(matrix, striped, threshold=floor))) for matrix, floor in passes)


def fimo(library: MotifLibrary, background: Background, sequences: list[str]) -> Callable[[], int]:
    """pymemesuite's FIMO over matrices built beforehand."""
    from pymemesuite.common import Alphabet, Array, Matrix, Motif
    from pymemesuite.common import Background as TheirBackground
    from pymemesuite.common import Sequence as TheirSequence
    from pymemesuite.fimo import FIMO

    alphabet = Alphabet.dna()
    frequencies = TheirBackground(alphabet, Array(list(background.frequencies)))
    built = []
    for motif in library.motifs:
        matrix = Matrix(motif.matrix.smoothed(background).probabilities.tolist())
        made = Motif(alphabet, frequencies=matrix)
        built.append((made.build_pssm(frequencies), made, matrix))  # the last two must outlive the first
    targets = [TheirSequence(bases, name=str(i).encode()) for i, bases in enumerate(sequences)]
    runner = FIMO(threshold=DEFAULT_P_THRESHOLD)
    return lambda: sum(len(runner.score_pssm(pssm, targets).matched_elements) for pssm, _, _ in built)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
