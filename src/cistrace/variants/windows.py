"""The two windows of a variant: the same flanks about either allele, as much as the model reads."""

from __future__ import annotations

from dataclasses import dataclass

from cistrace.cards.windows import MINIMUM_KNOWN, known_bases
from cistrace.variants.variant import Bases, Variant, normalised

FEWEST_FLANKING = 20  # bp that a window has beside the longer allele, on either side
REACH = 0.3  # of the window: how far the outermost of several windows are shifted, either way


class NoWindow(Exception):
    """Why a variant has no window that a model could read."""


@dataclass(frozen=True, slots=True)
class AlleleWindow:
    """A stretch of a contig with either allele; both share their flanks.

    Attributes
    ----------
    start : int
        0-based, on the contig: where both begin.
    left : int
        Bases before the alleles, which have no base in common.
    ref_allele, alt_allele : str
        Either may be empty.
    ref, alt : str
        Bases; of unequal alleles the shorter one is shorter, and a model reads it padded.
    """

    start: int
    left: int
    ref_allele: str
    alt_allele: str
    ref: str
    alt: str

    @property
    def end(self) -> int:
        """Of the reference's window, on the contig: not included."""
        return self.start + len(self.ref)

    def on_reference(self, place: int) -> int:
        """Where an edge between bases of the alternative window lies in the reference's, both from 0."""
        if place <= self.left:
            return place
        behind = place - self.left - len(self.alt_allele)
        if behind >= 0:
            return self.left + len(self.ref_allele) + behind
        return self.left + min(place - self.left, len(self.ref_allele))


@dataclass(frozen=True, slots=True)
class PlacedVariant:
    """A variant with its windows.

    Attributes
    ----------
    variant : Variant
        As it was stated.
    windows : tuple of AlleleWindow
        One a shift; the first is the one in whose middle the variant stands.
    off_centre : bool
        The contig ends too near for that, and the window was moved inwards.
    """

    variant: Variant
    windows: tuple[AlleleWindow, ...]
    off_centre: bool


def shifts(count: int, size: int) -> tuple[int, ...]:
    """By how many bases windows of `size` bp are shifted, nothing first; evenly over 0.3 of the size either way.

    An even number has no window without a shift among the evenly spaced: it takes the place of the nearest.
    """
    steps = [round(REACH * size * (2 * at / (count - 1) - 1)) for at in range(count)] if count > 1 else [0]
    middle = min(steps, key=abs)
    return (0, *(step for at, step in enumerate(steps) if at != steps.index(middle)))


def place(variant: Variant, bases: Bases, length: int, size: int, count: int = 1) -> PlacedVariant:
    """Cut the windows of a variant whose alleles are known to fit the contig.

    Parameters
    ----------
    bases : callable
        Of the variant's contig.
    length : int
        bp of the contig.
    size : int
        bp that a model reads at once.
    count : int
        Windows, of `shifts`; those that a contig's end makes the same are one.

    Raises
    ------
    NoWindow
        The alleles are alike, too long, or stand among too few known bases.
    """
    least = normalised(variant, bases)
    longest = max(len(least.ref), len(least.alt))
    if not longest:
        raise NoWindow("both alleles are the same; expected two that differ; correct or remove the record")
    if longest > size - 2 * FEWEST_FLANKING:
        raise NoWindow(
            f"an allele is {longest:,} bp long, expected at most {size - 2 * FEWEST_FLANKING}, as the model reads "
            f"{size} bp at once; leave the record out"
        )
    spans = [_span(least, length, size - longest, shift) for shift in shifts(count, size)]
    windows = tuple(_window(least, bases, *span) for span in dict.fromkeys(spans))
    for window in windows:
        known = min(known_bases(window.ref), known_bases(window.alt))
        if known < MINIMUM_KNOWN:
            raise NoWindow(
                f"{known} of the bases around it are A, C, G or T, expected at least {MINIMUM_KNOWN}; leave it out"
            )
    return PlacedVariant(variant, windows, spans[0][0] != (size - longest) // 2)


def _span(least: Variant, length: int, flanking: int, shift: int) -> tuple[int, int]:
    """Bases before and behind the alleles: `flanking` in all, where the contig has them."""
    before, behind = least.start, length - least.start - len(least.ref)
    left = min(max(flanking // 2 + shift, 0), flanking, before)
    right = min(flanking - left, behind)
    return min(flanking - right, before), right


def _window(least: Variant, bases: Bases, left: int, right: int) -> AlleleWindow:
    end = least.start + len(least.ref)
    head, tail = bases(least.start - left, least.start), bases(end, end + right)
    return AlleleWindow(
        least.start - left, left, least.ref, least.alt, head + least.ref + tail, head + least.alt + tail
    )
