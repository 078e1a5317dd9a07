"""What a trace is worth to the score: delete its strongest motif step, or turn the step's direction, and score again.

A median shift under DECORATIVE log2 units means that the trace explains the card but hardly moves the score.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cistrace.errors import TraceError
from cistrace.traces.templates import DIRECTIONS
from cistrace.traces.text import parse_trace, render_trace
from cistrace.traces.trace import Claim, Trace

DECORATIVE = 0.02

Alteration = Callable[[Trace, int], Trace]


def strongest_motif(trace: Trace) -> int | None:
    """Place of the motif step with the largest absolute contribution; None where the trace has none."""
    sizes = {at: abs(float(s.get("contribution") or 0)) for at, s in enumerate(trace.steps) if s.kind == "motif"}
    return max(sizes, key=lambda at: sizes[at]) if sizes else None


def without(trace: Trace, at: int) -> Trace:
    """The trace without one step, the rest numbered anew."""
    return replace(trace, steps=trace.steps[:at] + trace.steps[at + 1 :])


def turned(trace: Trace, at: int) -> Trace:
    """The trace with one motif step's direction and sign of contribution turned round."""
    step = trace.steps[at]
    values = dict(step.values)
    raises, lowers, _ = DIRECTIONS
    opposite: dict[str, str] = {raises: lowers, lowers: raises}
    values["direction"] = opposite.get(values["direction"], values["direction"])
    values["contribution"] = values["contribution"].translate(str.maketrans("+-", "-+"))
    steps = (*trace.steps[:at], Claim(step.kind, tuple(values.items())), *trace.steps[at + 1 :])
    return replace(trace, steps=steps)


ALTERATIONS: dict[str, Alteration] = {"deleted": without, "turned round": turned}


def altered(text: str, alter: Alteration) -> str | None:
    """The text with its strongest motif step altered; None where it has none or does not parse."""
    try:
        trace = parse_trace(text)
    except TraceError:
        return None
    at = strongest_motif(trace)
    return None if at is None else render_trace(alter(trace, at))
