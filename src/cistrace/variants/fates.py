"""What becomes of sites: those of the two cards of a variant, matched by place and archetype."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from cistrace.cards.card import Card, CardSite
from cistrace.motifs.hit import Strand
from cistrace.variants.windows import AlleleWindow

Fate = Literal["lost", "gained", "weakened", "strengthened", "kept"]
"""Of a site that one allele alone has; that fits the alternative one worse, or better; or both alike."""

SHARED = 0.5  # of the shorter of two sites, from which on they stand at one place


class PlacedSite(Protocol):
    """What is matched: sites as scanned, and those on cards; 0-based, half-open, in the window."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def archetype(self) -> str: ...


@dataclass(frozen=True, slots=True)
class SiteFate:
    """What became of one site; figures of an allele that does not have it, or does not tell its amount, are None.

    Attributes
    ----------
    fate : Fate
    tf, archetype : str
        As the reference's card names the site, of a gained one the alternative's.
    start, end : int
        0-based, half-open, on the contig.
    strand : `+` or `-`
    ref_bits, alt_bits : float or None
        How well the motif fits.
    ref_amount, alt_amount : float or None
        What the site is worth, log2 units.
    """

    fate: Fate
    tf: str
    archetype: str
    start: int
    end: int
    strand: Strand
    ref_bits: float | None
    alt_bits: float | None
    ref_amount: float | None
    alt_amount: float | None

    @property
    def change(self) -> float | None:
        """What the site adds to the difference; None where a card leaves its amount among the rest."""
        ref = 0.0 if self.fate == "gained" else self.ref_amount
        alt = 0.0 if self.fate == "lost" else self.alt_amount
        return None if ref is None or alt is None else alt - ref


def matched(ref: Sequence[PlacedSite], alt: Sequence[PlacedSite], window: AlleleWindow) -> dict[int, int]:
    """Places, among the reference's sites, of those that the alternative has too, with their places there.

    Two sites are one where their archetype is the same and they share at least half of the shorter of them, in the
    reference's positions; the pairs that share most first.
    """
    pairs = []
    for at, one in enumerate(ref):
        for there, other in enumerate(alt):
            if one.archetype == other.archetype:
                start, end = span_on_reference(other, window)
                shared = min(one.end, end) - max(one.start, start)
                if shared > 0 and shared >= SHARED * min(one.end - one.start, end - start):
                    pairs.append((-shared, at, there))
    found: dict[int, int] = {}
    for _, at, there in sorted(pairs):
        if at not in found and there not in found.values():
            found[at] = there
    return found


def span_on_reference(site: PlacedSite, window: AlleleWindow) -> tuple[int, int]:
    """Where a site of the alternative's window lies in the reference's; one all within an insertion, before it."""
    start, end = window.on_reference(site.start), window.on_reference(site.end)
    return (start, end) if end > start else (max(0, start - 1), max(1, start))


def fates(ref: Card, alt: Card, window: AlleleWindow) -> tuple[SiteFate, ...]:
    """What became of every site of two evidence cards: the reference's in its card's order, then those gained."""
    pairs = matched(ref.sites, alt.sites, window)
    apart = _same_pair(ref, alt, pairs)
    ref_amounts, alt_amounts = _amounts(ref, apart), _amounts(alt, apart)
    told = []
    for at, site in enumerate(ref.sites):
        there = pairs.get(at)
        span = window.start + site.start, window.start + site.end
        if there is None:
            told.append(_fate("lost", site, span, site.score, None, ref_amounts[at], None))
            continue
        after = alt.sites[there].score
        fate: Fate = "kept" if after == site.score else "weakened" if after < site.score else "strengthened"
        told.append(_fate(fate, site, span, site.score, after, ref_amounts[at], alt_amounts[there]))
    for there, site in enumerate(alt.sites):
        if there not in pairs.values():
            start, end = span_on_reference(site, window)
            span = window.start + start, window.start + end
            told.append(_fate("gained", site, span, None, site.score, None, alt_amounts[there]))
    return tuple(told)


def interplay_of(ref: Card, alt: Card, window: AlleleWindow) -> tuple[float, float] | None:
    """What the interplay of two sites is worth with either allele; None where not both cards tell that of these two."""
    if not _same_pair(ref, alt, matched(ref.sites, alt.sites, window)):
        return None
    return _interplay(ref), _interplay(alt)


def _interplay(card: Card) -> float:
    return 0.0 if card.ledger is None or card.ledger.interplay is None else card.ledger.interplay.amount


def _same_pair(ref: Card, alt: Card, pairs: dict[int, int]) -> bool:
    one = None if ref.ledger is None else ref.ledger.interplay
    other = None if alt.ledger is None else alt.ledger.interplay
    return one is not None and other is not None and {pairs.get(at) for at in one.sites} == set(other.sites)


def _amounts(card: Card, apart: bool) -> list[float | None]:
    """Amounts of a card's sites; unless the interplay is told apart, each of the two has its half of it back."""
    amounts = [site.amount for site in card.sites]
    if not apart and card.ledger is not None and card.ledger.interplay is not None:
        for at in card.ledger.interplay.sites:
            amounts[at] = (amounts[at] or 0.0) + card.ledger.interplay.amount / 2
    return amounts


def _fate(
    fate: Fate, site: CardSite, span: tuple[int, int], ref_bits: float | None, alt_bits: float | None,
    ref_amount: float | None, alt_amount: float | None,
) -> SiteFate:  # fmt: skip
    return SiteFate(
        fate, site.tf, site.archetype, *span, site.strand, ref_bits, alt_bits, ref_amount, alt_amount
    )  # fmt: skip
