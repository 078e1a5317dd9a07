"""Every claim a card supports: what a writer may pick from and what verification compares with.

Claims of the ledger stand here without running totals and without what a trace leaves untold: those follow from what
else the trace says (`traces.ledger`).
"""

from __future__ import annotations

from collections.abc import Sequence

from cistrace.cards.card import Card, CardSite, GrammarTag, TfEffect
from cistrace.traces.ledger import amount, hundredths, signed
from cistrace.traces.templates import CPG_CLASSES, GC_CLASSES, KNOWN, SHARE_CLASSES, WHOLE
from cistrace.traces.trace import Claim, ClaimKind

GC_CUTS = (0.40, 0.60)
CPG_CUTS = (0.25, 0.60)  # 0.60 is the island criterion of Gardiner-Garden & Frommer (1987)
SHARE_CUTS = (0.10, 0.40)
KNOWN_ERRORS = 2.0  # a known effect counts from two standard errors on


def supported_claims(card: Card) -> tuple[Claim, ...]:
    """All claims the card supports: composition, tags, and the terms of the ledger, sites in the card's order."""
    measured = card.composition
    claims = [
        claim("gc", gc=f"{measured.gc:.3f}", gc_class=_class(measured.gc, GC_CUTS, GC_CLASSES)),
        claim("cpg", cpg=f"{measured.cpg:.2f}", cpg_class=_class(measured.cpg, CPG_CUTS, CPG_CLASSES)),
        claim(
            "complexity",
            share=f"{measured.low_complexity:.2f}",
            share_class=_class(measured.low_complexity, SHARE_CUTS, SHARE_CLASSES),
        ),
    ]
    if not (card.hits if card.ledger is None else card.sites):
        claims.append(Claim("absence", ()))
    if card.ledger is not None:
        claims += map(tag_claim, card.tags)
        claims += ledger_claims(card)
    return tuple(claims)


def ledger_claims(card: Card) -> list[Claim]:
    """The terms of an evidence card's ledger: backdrop, sites by falling size, interplay, the whole."""
    ledger = card.ledger
    if ledger is None:
        return []
    claims = [
        claim(
            "backdrop",
            gc=f"{card.composition.gc:.3f}",
            cpg=f"{card.composition.cpg:.2f}",
            composition=signed(hundredths(ledger.composition)),
            bases=signed(hundredths(ledger.bases)),
        )
    ]
    claims += [site_claim(place, site, site.amount) for place, site in enumerate(card.sites) if site.amount is not None]
    if ledger.interplay is not None:
        first, second = map(site_number, sorted(ledger.interplay.sites))
        worth = amount(hundredths(ledger.interplay.amount))
        claims.append(claim("interplay", number=first, second=second, amount=worth))
    return [*claims, claim(WHOLE, total=signed(hundredths(ledger.total)))]


def claim(kind: ClaimKind, **values: str) -> Claim:
    """A claim from its fields, in the order given."""
    return Claim(kind, tuple(values.items()))


def site_number(place: int) -> str:
    """What a card calls its site at a place, from 0: `m1`."""
    return f"m{place + 1}"


def site_claim(place: int, site: CardSite, worth: float) -> Claim:
    """What a card supports of the site at a place, from 0, that is `worth` so many log2 units."""
    return claim(
        "site",
        number=site_number(place),
        tf=site.tf,
        archetype=site.archetype,
        start=str(site.start + 1),
        end=str(site.end),
        strand=site.strand,
        bits=str(round(site.score)),
        amount=amount(hundredths(worth)),
        known=known_effect(site.effect),
    )


def known_effect(effect: TfEffect | None) -> str:
    """`raising` or `lowering` where the effect is beyond two standard errors."""
    if effect is None:
        return KNOWN[3]
    if abs(effect.effect) <= KNOWN_ERRORS * effect.standard_error:
        return KNOWN[2]
    return KNOWN[0] if effect.effect > 0 else KNOWN[1]


def tag_claim(tag: GrammarTag) -> Claim:
    """What an evidence card supports of one tag."""
    if tag.kind == "homotypic":
        return claim("homotypic", count=str(len(tag.members)), archetype=tag.label, distance=str(tag.distance))
    first, second = map(site_number, sorted(tag.members))
    return claim("pair", groups=tag.label, number=first, second=second, distance=str(tag.distance))


def _class(value: float, cuts: Sequence[float], names: Sequence[str]) -> str:
    return names[sum(value >= cut for cut in cuts)]
