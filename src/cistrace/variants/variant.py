"""A variant: two alleles of one place, in the one form that all ways to write it share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

Bases = Callable[[int, int], str]
"""Upper-case bases of a contig, from 0-based start to end (not included)."""

MOST_MOVED = 10_000  # bp that an insertion or deletion is moved to the left, in a repeat
_PIECE = 256  # bases that are looked at together


@dataclass(frozen=True, slots=True)
class Variant:
    """Two alleles of one place, as a file states them.

    Attributes
    ----------
    contig : str
        Of a table of sequences, the row's id.
    start : int
        0-based; files and tables state it 1-based.
    ref, alt : str
        Upper-case A, C, G, T; either may be empty once `normalised`.
    id : str
        `.` where it has none.
    """

    contig: str
    start: int
    ref: str
    alt: str
    id: str = "."

    @property
    def name(self) -> str:
        """`contig:position:ref:alt`, 1-based."""
        return f"{self.contig}:{self.start + 1}:{self.ref}:{self.alt}"


def normalised(variant: Variant, bases: Bases) -> Variant:
    """The same change with no base that both alleles share, as far to the left as it can stand (Tan et al. 2015).

    Every way to write a change gives the same; alleles may be empty, unlike in VCF. In a repeat over 10 kb it stops on
    the way.
    """
    start, ref, alt = variant.start, variant.ref, variant.alt
    while ref and alt and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while ref and alt and ref[0] == alt[0]:
        start, ref, alt = start + 1, ref[1:], alt[1:]
    if bool(ref) != bool(alt):
        moved = _to_the_left(start, ref or alt, bases)
        start, ref, alt = start - moved[0], moved[1] if ref else "", moved[1] if alt else ""
    return replace(variant, start=start, ref=ref, alt=alt)


def _to_the_left(start: int, allele: str, bases: Bases) -> tuple[int, str]:
    """How many bases further left the same insertion or deletion can stand, and what it then is."""
    first, width = max(0, start - MOST_MOVED), len(allele)
    before, steps = "", 0  # what stands before it, the nearest base first
    while True:
        if steps == len(before):
            end = start - steps
            if end == first:
                break
            before += bases(max(first, end - _PIECE), end)[::-1]
        if before[steps] != allele[(width - 1 - steps) % width]:  # its last letter, turned round so often
            break
        steps += 1
    turn = steps % width
    return steps, allele[width - turn :] + allele[: width - turn]
