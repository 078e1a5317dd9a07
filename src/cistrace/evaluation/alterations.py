"""What a trace is worth to the score: delete its largest site, or turn the site's amount round, and read the score
again.

Where the score is the ledger that a trace tells, that is arithmetic: it moves by the amount, or by twice it. Where a
head reads the trace, a median shift under DECORATIVE log2 units means that the trace explains the card but hardly moves
it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cistrace.errors import TraceError
from cistrace.traces.ledger import added, amount
from cistrace.traces.text import parse_trace, render_trace
from cistrace.traces.trace import Claim, Trace

DECORATIVE = 0.02

Alteration = Callable[[Trace, int], Trace]


def largest_site(trace: Trace) -> int | None:
    """Place of the site's step of the largest amount; None where the trace tells no site."""
    sizes = {at: abs(added(step)) for at, step in enumerate(trace.steps) if step.kind == "site"}
    return max(sizes, key=lambda at: sizes[at]) if sizes else None


def without(trace: Trace, at: int) -> Trace:
    """The trace without one step, the rest numbered anew and otherwise as they were."""
    return replace(trace, steps=trace.steps[:at] + trace.steps[at + 1 :])


def turned(trace: Trace, at: int) -> Trace:
    """The trace with the amount of one site's step turned round, the rest as it was."""
    step = trace.steps[at]
    values = {**dict(step.values), "amount": amount(-added(step))}
    return replace(trace, steps=(*trace.steps[:at], Claim(step.kind, tuple(values.items())), *trace.steps[at + 1 :]))


ALTERATIONS: dict[str, Alteration] = {"deleted": without, "turned round": turned}


def altered(text: str, alter: Alteration) -> str | None:
    """The text with its largest site's step altered; None where it has none or does not parse."""
    try:
        trace = parse_trace(text)
    except TraceError:
        return None
    at = largest_site(trace)
    return None if at is None else render_trace(alter(trace, at))
