"""A card as the reasoner reads it: first what is the same in every cell type, then what is not.

The two parts are tokenised apart, so that the cell types of one sequence share the first one's pass. A
hit is told in full beside its contribution: with hits and contributions in two lists, joined by a
number, a small model learned to look numbers up far more slowly than to read on. What a trace cites
first stands last: the way back to it is then about the same on every card, long or short
(docs/experiments.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cistrace.cards.card import Card
from cistrace.traces.claims import supported_claims
from cistrace.traces.templates import CELL_LINE, LISTED_HITS, STEPS, THINK_BEGIN
from cistrace.traces.trace import Claim

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
    """Render an evidence card: at most two tags of a kind, and the 8 strongest contributions, strongest last."""
    claims = supported_claims(card)
    of_kind = {kind: [claim for claim in claims if claim.kind == kind] for kind in STEPS}
    shared = [claim for kind in _SHARED_KINDS for claim in of_kind[kind]]
    tags = [claim for kind in _TAG_KINDS for claim in of_kind[kind][:TAGS_OF_A_KIND]]
    hits = sorted(of_kind["motif"], key=lambda claim: -abs(float(claim.get("contribution") or 0)))[:LISTED_HITS]
    own = CELL_LINE.render({"cell_type": card.cell_type}) + "\n" + _lines([*reversed(hits), *of_kind["estimate"]])
    return Prompt(_lines([*shared, *reversed(tags)]), own + THINK_BEGIN)


def _lines(claims: Iterable[Claim]) -> str:
    return "".join(STEPS[claim.kind].render(dict(claim.values)) + "\n" for claim in claims)
