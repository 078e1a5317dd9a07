"""A card as the reasoner reads it: first what is the same in every cell type, then what is not.

The two parts are tokenised apart, so that the cell types of one sequence share the first one's pass. A
hit is told in full beside its contribution: with hits and contributions in two lists, joined by a
number, a small model learned to look numbers up far more slowly than to read on (docs/experiments.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from cistrace.claims import supported_claims
from cistrace.prompts import (
    CELL_LINE,
    LISTED_HITS,
    STEPS,
    THINK_BEGIN,
)
from cistrace.records import Card

_SHARED_KINDS = ("gc", "cpg", "complexity", "absence")
_TAG_KINDS = ("pair", "homotypic", "cluster")
TAGS_OF_A_KIND = 2


@dataclass(frozen=True)
class Prompt:
    """`shared` is the same for every cell type of a sequence; `own` ends where the reasoning begins."""

    shared: str
    own: str

    @property
    def text(self) -> str:
        return self.shared + self.own


def write_prompt(card: Card) -> Prompt:
    """Render an evidence card for the reasoner: two tags of a kind, and the 8 strongest contributions first to last."""
    claims = supported_claims(card)
    shared = [STEPS[claim.kind].render(dict(claim.values)) for claim in claims if claim.kind in _SHARED_KINDS]
    for kind in _TAG_KINDS:
        tags = [claim for claim in claims if claim.kind == kind]
        shared += [STEPS[kind].render(dict(claim.values)) for claim in tags[:TAGS_OF_A_KIND]]
    own = [CELL_LINE.render({"cell_type": card.cell_type})]
    own += [STEPS["estimate"].render(dict(claim.values)) for claim in claims if claim.kind == "estimate"]
    hits = [claim for claim in claims if claim.kind == "motif"]
    hits.sort(key=lambda claim: -abs(float(claim.get("contribution") or 0)))
    own += [STEPS["motif"].render(dict(claim.values)) for claim in hits[:LISTED_HITS]]
    return Prompt("".join(f"{line}\n" for line in shared), "".join(f"{line}\n" for line in own) + THINK_BEGIN)
