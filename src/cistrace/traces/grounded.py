"""The grounded writer: a trace from the card, without a language model.

It tells the terms of the ledger by falling size, five of them or those that matter, a tag of the sites where there is
room, and closes with the whole. It is the offline teacher of stage I, what stands in where a model's trace does not
hold, and the baseline that the reasoner's traces are held against.

Told the observed level, it concludes that one and tells what speaks for it first: every claim stays true, but which
are made now tells the level, as in any trace that was written towards a label.
"""

from __future__ import annotations

from collections.abc import Sequence

from cistrace.cards.card import Card
from cistrace.errors import TraceError
from cistrace.traces.claims import supported_claims
from cistrace.traces.ledger import added, summed
from cistrace.traces.templates import FEWEST_STEPS, MOST_STEPS, TERMS, WHOLE
from cistrace.traces.trace import Claim, Trace

LEAST = 5  # hundredths of a log2 unit below which a site is not worth a step
FEWEST_SITES = 2  # that are told if they are worth anything
STRONG_LEVEL = 2  # from here on a level is above the median
FILLERS = ("complexity", "absence", "gc", "cpg")


def write(card: Card, level: int | None = None) -> Trace:
    """Write a trace of 5-7 steps.

    Parameters
    ----------
    card : Card
        With a ledger.
    level : int, optional
        The observed level, to be led up to. Without it the writer is blind to what was measured.

    Raises
    ------
    TraceError
        The card has no ledger to reason from.
    """
    if card.ledger is None:
        raise TraceError("card: found no ledger, expected a card built with --evidence towers")
    claims: dict[str, list[Claim]] = {}
    for claim in supported_claims(card):
        claims.setdefault(claim.kind, []).append(claim)
    terms = _terms(claims, level)
    tags = [claim for kind in ("pair", "homotypic") for claim in claims.get(kind, [])[:1]]
    told = terms + tags[: MOST_STEPS - 1 - len(terms)]
    for kind in FILLERS:
        if len(told) + 1 < FEWEST_STEPS:
            told += claims.get(kind, [])
    return Trace(summed([*told, *claims[WHOLE]]), card.ledger.level if level is None else level)


def _terms(claims: dict[str, list[Claim]], level: int | None) -> list[Claim]:
    """Backdrop, interplay, and the sites that matter, as many as there is room for, most telling first."""
    sites = claims.get("site", [])
    worth_it = [one for at, one in enumerate(sites) if abs(added(one)) >= (1 if at < FEWEST_SITES else LEAST)]
    others = [claim for kind in TERMS if kind != "site" for claim in claims.get(kind, [])]
    joined = {claim.get(name) for claim in claims.get("interplay", []) for name in ("number", "second")}
    partners = [claim for claim in sites if claim.get("number") in joined]  # no interplay of sites that are not told
    told = partners + [claim for claim in worth_it if claim not in partners]
    kept = others + told[: MOST_STEPS - 1 - len(others)]
    return sorted(kept, key=lambda claim: -_weight(claim, level))


def _weight(claim: Claim, level: int | None) -> float:
    """How soon a term is told: by size, or by what it adds in the direction of the level."""
    value = added(claim)
    if level is None:
        return abs(value)
    return value if level >= STRONG_LEVEL else -value


def level_of(activity: float, cuts: Sequence[float]) -> int:
    """The level an activity falls into: how many cut points it reaches."""
    return int(sum(activity >= cut for cut in cuts))
