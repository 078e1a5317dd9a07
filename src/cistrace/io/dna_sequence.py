"""One DNA sequence, as every reader gives it."""

from __future__ import annotations

from dataclasses import dataclass

_HEAD = 20  # bases that a repr shows


@dataclass(frozen=True, slots=True)
class Place:
    """Where on a genome a sequence was cut out: contig, start and end (0-based, half-open), strand `+` or `-`."""

    contig: str
    start: int
    end: int
    strand: str


@dataclass(frozen=True, slots=True, repr=False)
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
    place : Place or None
        Of a region of a genome.
    """

    id: str
    bases: str
    source: str = ""
    place: Place | None = None

    def __repr__(self) -> str:
        head = self.bases if len(self.bases) <= _HEAD else f"{self.bases[:_HEAD]}..."
        return f"<DnaSequence {self.id!r}: {len(self.bases):,} bp, {head}>"
