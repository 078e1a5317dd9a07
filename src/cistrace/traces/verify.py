"""What makes a claim true: the one judge of traces, for predictions, data sets and figures alike.

a typed step    is true where the card's own claim of its kind agrees with it in every field (`claims`)
prose           is true where the card holds all that it names, and it names something (`prose`)
a step again    supports nothing, true or not: a trace of five copies has one claim
a level         is a conclusion, and no claim about the card
"""

from __future__ import annotations

import re

from cistrace.cards.card import Card
from cistrace.cards.windows import placed
from cistrace.traces.claims import supported_claims
from cistrace.traces.prose import prose_findings
from cistrace.traces.text import ReadTrace, read_trace, render_step
from cistrace.traces.trace import PROSE, REPEAT, STEP, Claim, Finding, Trace, Verification

_NO_WORD = re.compile(r"[^\w+\-.]+|\.(?!\d)")


def verify(trace: Trace | str, card: Card, start: int = 0) -> Verification:
    """Check every step against the card, and against the steps before it.

    A typed step is compared with the card's claim of the same kind that agrees with it in most fields; a motif step
    with the hit it cites.

    Parameters
    ----------
    trace : Trace or str
        Of a text the form is checked too, and its faults are findings of step 0.
    card : Card
        That it was written from.
    start : int
        Where the card's window starts, 0-based, in the sequence whose positions the trace states: those of
        `Prediction`s are of the input.

    Returns
    -------
    Verification
    """
    card = placed(card, start)
    read = read_trace(trace) if isinstance(trace, str) else ReadTrace(trace, ())
    steps, findings = read.trace.steps, list(read.faults)
    possible = supported_claims(card)
    first: dict[str, int] = {}
    supported = 0
    for number, step in enumerate(steps, 1):
        found = _step_findings(number, step, card, possible)
        earlier = first.setdefault(_words(step), number)
        if earlier != number:
            found.append(Finding(number, REPEAT, render_step(step), f"step {earlier}", False))
        findings += found
        supported += all(finding.supported for finding in found)
    return Verification(tuple(findings), len(steps), supported, tuple(step.kind for step in steps))


def _words(step: Claim) -> str:
    """What two steps share that say the same: words and figures, whatever stands between them."""
    return _NO_WORD.sub(" ", render_step(step).casefold()).strip()


def _step_findings(number: int, step: Claim, card: Card, possible: tuple[Claim, ...]) -> list[Finding]:
    if step.kind == PROSE:
        return prose_findings(number, render_step(step), card)
    candidates = [claim for claim in possible if claim.kind == step.kind]
    if step.kind == "motif":
        candidates = [claim for claim in candidates if claim.get("motif") == step.get("motif")]
    if not candidates:
        return [Finding(number, STEP, render_step(step), "nothing of the kind on the card", False)]
    nearest = max(candidates, key=lambda claim: len(set(claim.values) & set(step.values)))
    if not step.values:
        return [Finding(number, STEP, render_step(step), render_step(nearest), True)]
    truth = dict(nearest.values)
    return [Finding(number, name, value, truth[name], value == truth[name]) for name, value in step.values]
