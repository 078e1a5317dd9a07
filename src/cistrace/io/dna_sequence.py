"""One DNA sequence, as every reader gives it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DnaSequence:
    """One DNA sequence.

    Attributes
    ----------
    id : str
        The header up to the first blank, or the id column, kept exactly.
    bases : str
        Upper-case ACGT, N and IUPAC letters.
    source : str
        Where it came from: file, or file and region.
    """

    id: str
    bases: str
    source: str = ""
