"""What makes a claim true."""

from __future__ import annotations

from cistrace.cards.card import Card
from cistrace.traces.claims import supported_claims
from cistrace.traces.text import render_step
from cistrace.traces.trace import Claim, Finding, Trace, Verification


def verify(trace: Trace, card: Card) -> Verification:
    """Check every field of every step against the card.

    A step is compared with the card's claim of the same kind that agrees with it in most fields; a
    motif step with the hit it cites. A step is supported when all its fields agree. The level is a
    conclusion, not a claim about the card, and is not checked here.
    """
    possible = supported_claims(card)
    findings: list[Finding] = []
    supported = 0
    for number, step in enumerate(trace.steps, 1):
        found = _findings(number, step, possible)
        findings += found
        supported += all(finding.supported for finding in found)
    return Verification(tuple(findings), len(trace.steps), supported)


def _findings(number: int, step: Claim, possible: tuple[Claim, ...]) -> list[Finding]:
    candidates = [claim for claim in possible if claim.kind == step.kind]
    if step.kind == "motif":
        candidates = [claim for claim in candidates if claim.get("motif") == step.get("motif")]
    if not candidates:
        claimed = render_step(step)
        return [Finding(number, "step", claimed, "nothing of the kind on the card", False)]
    nearest = max(candidates, key=lambda claim: len(set(claim.values) & set(step.values)))
    if not step.values:
        return [Finding(number, "step", render_step(step), render_step(nearest), True)]
    truth = dict(nearest.values)
    return [Finding(number, name, value, truth[name], value == truth[name]) for name, value in step.values]
