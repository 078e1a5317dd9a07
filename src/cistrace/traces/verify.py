"""What makes a claim true: the one judge of traces, for predictions, data sets and figures alike.

a typed step    is true where the card's own claim of its kind agrees with it in every field (`claims`)
its sums        are true where they follow from the amounts that the trace itself tells before (`ledger`)
prose           is true where the card holds all that it names, and it names something (`prose`)
a step again    supports nothing, true or not: a trace of five copies has one claim
a level         is a conclusion, and no claim about the card
"""

from __future__ import annotations

import re

from cistrace.cards.card import Card
from cistrace.cards.windows import placed
from cistrace.traces.claims import supported_claims
from cistrace.traces.ledger import summed
from cistrace.traces.prose import prose_findings
from cistrace.traces.templates import ADDENDS, WHOLE
from cistrace.traces.text import ReadTrace, read_trace, render_step
from cistrace.traces.trace import FORM, PROSE, REPEAT, STEP, Claim, Finding, Trace, Verification

_NO_WORD = re.compile(r"[^\w+\-.]+|\.(?!\d)")
_SUMS = ("running", "rest")  # fields that follow from the trace's own amounts
_OF_ITSELF = {"site": ("start", "end"), "interplay": (), "backdrop": (), WHOLE: ()}  # what makes a term the same again


def verify(trace: Trace | str, card: Card, start: int = 0) -> Verification:
    """Check every step against the card, and against the steps before it.

    A typed step is compared with the card's claim of the same kind that agrees with it in most fields; a site's with
    the site at its place.

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
    steps, findings = read.trace.steps, [*read.faults, *_form(read.trace.steps)]
    possible = supported_claims(card)
    first: dict[tuple[str, ...], int] = {}
    supported = 0
    for number, (step, right) in enumerate(zip(steps, summed(steps), strict=True), 1):
        found = _step_findings(number, step, right, card, possible)
        earlier = first.setdefault(_words(step), number)
        if earlier != number:
            found.append(Finding(number, REPEAT, render_step(step), f"step {earlier}", False))
        findings += found
        supported += all(finding.supported for finding in found)
    return Verification(tuple(findings), len(steps), supported, tuple(step.kind for step in steps))


def _form(steps: tuple[Claim, ...]) -> list[Finding]:
    """A ledger that is begun ends with the whole, told once."""
    kinds = [step.kind for step in steps]
    if any(kind in ADDENDS for kind in kinds) and (kinds.count(WHOLE) != 1 or kinds[-1] != WHOLE):
        return [Finding(0, FORM, "amounts without the whole behind them", "one step that tells it, the last", False)]
    return []


def _words(step: Claim) -> tuple[str, ...]:
    """What two steps share that say the same: of a term what it is about; else words and figures, whatever stands
    between them."""
    if step.kind in _OF_ITSELF:
        return (step.kind, *(step.get(name) or "" for name in _OF_ITSELF[step.kind]))
    return (_NO_WORD.sub(" ", render_step(step).casefold()).strip(),)


def _step_findings(
    number: int, step: Claim, right: Claim, card: Card, possible: tuple[Claim, ...]
) -> list[Finding]:  # fmt: skip
    """`right` is the step with the sums that follow from the trace's amounts."""
    if step.kind == PROSE:
        return prose_findings(number, render_step(step), card)
    candidates = [claim for claim in possible if claim.kind == step.kind]
    if step.kind == "site":
        candidates = [claim for claim in candidates if claim.get("start") == step.get("start")] or candidates
    if not candidates:
        return [Finding(number, STEP, render_step(step), "nothing of the kind on the card", False)]
    nearest = max(candidates, key=lambda claim: len(set(claim.values) & set(step.values)))
    if not step.values:
        return [Finding(number, STEP, render_step(step), render_step(nearest), True)]
    truth = {**dict(right.values), **dict(nearest.values)}
    return [Finding(number, name, value, truth[name], value == truth[name]) for name, value in step.values]
