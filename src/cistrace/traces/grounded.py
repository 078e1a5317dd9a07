"""The grounded writer: a trace from the card, without a language model.

It opens with composition, cites the strongest contributions, adds the card's grammar where it has
any, and closes with the evidence's balance. Its level is the quartile of the evidence's estimate. It
is the offline teacher of stage I and the baseline that the reasoner's traces are held against.

Told the observed level, it concludes that one and cites what speaks for it first: every claim stays true, but which
are made now tells the level, as in any trace that was written towards a label.
"""

from __future__ import annotations

from collections.abc import Sequence

from cistrace.cards.card import Card
from cistrace.errors import TraceError
from cistrace.traces.claims import supported_claims
from cistrace.traces.templates import FEWEST_STEPS, MOST_STEPS
from cistrace.traces.trace import Claim, Trace

MOTIF_STEPS = 4
STRONG_LEVEL = 2  # from here on a level is above the median
FILLERS = ("cpg", "complexity", "absence")


def write(card: Card, cuts: Sequence[float], level: int | None = None) -> Trace:
    """Write a trace of 5-7 steps.

    Parameters
    ----------
    card : Card
        With evidence.
    cuts : three floats
        Cut points between levels 0-3 in the card's cell type, log2(RNA/DNA).
    level : int, optional
        The observed level, to be led up to. Without it the writer is blind to what was measured.

    Raises
    ------
    TraceError
        The card has no evidence to reason from.
    """
    if card.evidence is None:
        raise TraceError("card: found no evidence, expected a card built with --evidence towers")
    claims: dict[str, list[Claim]] = {}
    for claim in supported_claims(card):
        claims.setdefault(claim.kind, []).append(claim)
    motifs = sorted(claims.get("motif", []), key=lambda claim: -_weight(claim, level))
    tags = [claim for kind in ("pair", "homotypic", "cluster") for claim in claims.get(kind, [])[:1]]
    cited = motifs[:MOTIF_STEPS]
    room = MOST_STEPS - 2 - len(cited)
    cited += tags[:room] or motifs[MOTIF_STEPS : MOTIF_STEPS + room]
    steps = [*claims["gc"], *cited, *claims["estimate"]]
    for kind in FILLERS:
        if len(steps) < FEWEST_STEPS:
            steps[-1:-1] = claims.get(kind, [])
    return Trace(tuple(steps), level_of(card.evidence.estimate, cuts) if level is None else level)


def _weight(claim: Claim, level: int | None) -> float:
    """How soon a motif is cited: by size, or by what it adds in the direction of the level."""
    contribution = float(claim.get("contribution") or 0)
    if level is None:
        return abs(contribution)
    return contribution if level >= STRONG_LEVEL else -contribution


def level_of(activity: float, cuts: Sequence[float]) -> int:
    """The level an activity falls into: how many cut points it reaches."""
    return int(sum(activity >= cut for cut in cuts))
