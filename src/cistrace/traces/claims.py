"""Every claim a card supports: what a writer may pick from and what verification compares with."""

from __future__ import annotations

from collections.abc import Sequence

from cistrace.cards.card import Card, GrammarTag, TfEffect
from cistrace.cards.grammar import family_label
from cistrace.motifs.hit import MotifHit
from cistrace.traces.templates import CPG_CLASSES, DIRECTIONS, GC_CLASSES, KNOWN, LARGEST_MOTIF, SHARE_CLASSES
from cistrace.traces.trace import Claim, ClaimKind

GC_CUTS = (0.40, 0.60)
CPG_CUTS = (0.25, 0.60)  # 0.60 is the island criterion of Gardiner-Garden & Frommer (1987)
SHARE_CUTS = (0.10, 0.40)
KNOWN_ERRORS = 2.0  # a known effect counts from two standard errors on


def supported_claims(card: Card) -> tuple[Claim, ...]:
    """All claims the card supports: composition, hits in the card's order, tags, estimate."""
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
    if not card.hits:
        claims.append(Claim("absence", ()))
    for index, (hit, effect) in enumerate(zip(card.hits[:LARGEST_MOTIF], card.effects)):
        if hit.contribution is not None:
            claims.append(motif_claim(index, hit, effect))
    claims += [tag_claim(tag) for tag in card.tags if max(tag.hits) < LARGEST_MOTIF]
    if card.evidence is not None:
        claims.append(
            claim(
                "estimate",
                raising=tenths(card.evidence.raising),
                lowering=tenths(card.evidence.lowering),
                estimate=tenths(card.evidence.estimate),
            )
        )
    return tuple(claims)


def tenths(value: float) -> str:
    """A sum as traces state it, to a tenth within +-9.9: its error is several times that."""
    return f"{min(9.9, max(-9.9, round(value, 1))) + 0.0:+.1f}"


def claim(kind: ClaimKind, **values: str) -> Claim:
    """A claim from its fields, in the order given."""
    return Claim(kind, tuple(values.items()))


def motif_claim(index: int, hit: MotifHit, effect: TfEffect | None) -> Claim:
    """What a card supports of one hit; `index` is its place on the card, from 0."""
    return claim("motif", **hit_values(index, hit), **effect_values(hit, effect))


def hit_values(index: int, hit: MotifHit) -> dict[str, str]:
    """What is the same in every cell type. `index` is the hit's place on the card, from 0."""
    return {
        "motif": f"m{index + 1}",
        "tf": hit.name,
        "family": family_label(hit.families),
        "start": str(hit.start + 1),
        "end": str(hit.end),
        "strand": hit.strand,
        "bits": str(round(hit.score)),
    }


def effect_values(hit: MotifHit, effect: TfEffect | None) -> dict[str, str]:
    """What differs between cell types: direction, contribution, the TF's known effect."""
    contribution = hit.contribution or 0.0
    return {
        "direction": DIRECTIONS[0 if contribution > 0 else 1 if contribution < 0 else 2],
        "contribution": f"{contribution:+.2f}",
        "known": known_effect(effect),
    }


def known_effect(effect: TfEffect | None) -> str:
    """`raising` or `lowering` where the effect is beyond two standard errors."""
    if effect is None:
        return KNOWN[3]
    if abs(effect.effect) <= KNOWN_ERRORS * effect.standard_error:
        return KNOWN[2]
    return KNOWN[0] if effect.effect > 0 else KNOWN[1]


def tag_claim(tag: GrammarTag) -> Claim:
    """What a card supports of one tag."""
    members = " ".join(f"m{index + 1}" for index in tag.hits)
    distance = str(tag.distance)
    if tag.kind == "pair":
        return claim("pair", families=tag.label, distance=distance, motifs=members)
    if tag.kind == "homotypic":
        return claim("homotypic", count=str(len(tag.hits)), family=tag.label, distance=distance, motifs=members)
    return claim("cluster", count=str(len(tag.hits)), distance=distance, motifs=members)


def _class(value: float, cuts: Sequence[float], names: Sequence[str]) -> str:
    return names[sum(value >= cut for cut in cuts)]
