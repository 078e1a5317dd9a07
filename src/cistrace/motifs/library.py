"""Motif libraries: JASPAR releases that pyjaspar carries, and MEME motif files."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from cistrace.motifs.background import Background, normalised
from cistrace.motifs.jaspar import jaspar_motifs
from cistrace.motifs.matrices import ProbabilityMatrix
from cistrace.motifs.meme import MemeFile, read_meme
from cistrace.motifs.motif import Motif

DEFAULT_LIBRARY = "JASPAR2026"


@dataclass(frozen=True, eq=False, repr=False)
class MotifLibrary:
    """Motifs by rising matrix id.

    Attributes
    ----------
    name : str
        `JASPAR2026`, or the file name of a MEME file.
    motifs : tuple of Motif
        Ids are unique.
    background : Background or None
        What a MEME file states; JASPAR states none.
    """

    name: str
    motifs: tuple[Motif, ...]
    background: Background | None = None

    def __len__(self) -> int:
        return len(self.motifs)

    def __repr__(self) -> str:
        return f"<MotifLibrary {self.name}: {len(self):,} motifs>"

    @cached_property
    def version(self) -> str:
        """Name and the first 12 hex digits of the SHA-256 over ids, names, families and matrices."""
        digest = hashlib.sha256()
        for motif in self.motifs:
            sites = motif.matrix.sites if isinstance(motif.matrix, ProbabilityMatrix) else -1.0
            digest.update(repr((motif.matrix_id, motif.name, sorted(motif.families), sites)).encode())
            digest.update(np.ascontiguousarray(motif.values, dtype="<f8").tobytes())
        return f"{self.name}:{digest.hexdigest()[:12]}"


def load_library(spec: str | Path = DEFAULT_LIBRARY) -> MotifLibrary:
    """Load a motif library.

    Parameters
    ----------
    spec : str or Path
        `JASPAR<year>` for the latest version of every CORE vertebrate matrix of that release, out of pyjaspar's
        bundled database; otherwise the path of a MEME motif file. No network either way.

    Returns
    -------
    MotifLibrary

    Raises
    ------
    MotifError
        If the release is not bundled, or the file is missing or not a DNA MEME motif file.
    """
    if re.fullmatch(r"JASPAR\d*", str(spec), flags=re.IGNORECASE):
        return _bundled(str(spec).upper())
    return _library_of(read_meme(Path(spec)))


@cache
def _bundled(release: str) -> MotifLibrary:
    """Read once a process: a release never changes, and its version is a hash over all of it."""
    return MotifLibrary(release, jaspar_motifs(release))


def _library_of(file: MemeFile) -> MotifLibrary:
    motifs = [
        Motif(entry.identifier, entry.name, frozenset(), ProbabilityMatrix(entry.probabilities, entry.sites))
        for entry in file.motifs
    ]
    background = normalised("motif-file", file.background) if file.background else None
    return MotifLibrary(file.name, tuple(sorted(motifs, key=lambda motif: motif.matrix_id)), background)
