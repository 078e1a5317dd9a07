"""A card as the reasoner reads it: first what is the same in every cell type, then what is not.

The two parts are tokenised apart, so that the cell types of one sequence share the first one's pass.
"""

from __future__ import annotations

from dataclasses import dataclass

from cistrace.claims import effect_values, hit_values, supported_claims
from cistrace.prompts import (
    CELL_LINE,
    CITED_CONTRIBUTIONS,
    EFFECT_LINE,
    HIT_LINE,
    LARGEST_MOTIF,
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
    """Render an evidence card for the reasoner: at most 24 hits, two tags of a kind and 8 contributions.

    Hits stand in the card's order (falling score), contributions by falling size.
    """
    claims = supported_claims(card)
    shared = [STEPS[claim.kind].render(dict(claim.values)) for claim in claims if claim.kind in _SHARED_KINDS]
    shared += [HIT_LINE.render(hit_values(i, hit)) for i, hit in enumerate(card.hits[:LARGEST_MOTIF])]
    for kind in _TAG_KINDS:
        tags = [claim for claim in claims if claim.kind == kind]
        shared += [STEPS[kind].render(dict(claim.values)) for claim in tags[:TAGS_OF_A_KIND]]
    own = [CELL_LINE.render({"cell_type": card.cell_type})]
    own += [STEPS["estimate"].render(dict(claim.values)) for claim in claims if claim.kind == "estimate"]
    own += _effect_lines(card)
    return Prompt("".join(f"{line}\n" for line in shared), "".join(f"{line}\n" for line in own) + THINK_BEGIN)


def _effect_lines(card: Card) -> list[str]:
    cited = [(i, hit) for i, hit in enumerate(card.hits[:LARGEST_MOTIF]) if hit.contribution is not None]
    cited.sort(key=lambda entry: -abs(entry[1].contribution or 0.0))
    lines = []
    for index, hit in cited[:CITED_CONTRIBUTIONS]:
        values = {"motif": f"m{index + 1}", **effect_values(hit, card.effects[index])}
        lines.append(EFFECT_LINE.render(values))
    return lines
