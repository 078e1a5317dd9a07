"""The arithmetic of a trace: amounts as it writes them, and what they come to.

Figures are whole hundredths of a log2 unit, so that sums are exact.
"""

from __future__ import annotations

from collections.abc import Iterable

from cistrace.traces.templates import ADDENDS, ADDS, COSTS, STEPS, WHOLE
from cistrace.traces.trace import Claim


def hundredths(value: float) -> int:
    """A figure of a card in hundredths."""
    return round(100 * value)


def signed(value: int) -> str:
    """Hundredths as traces write them: `+0.35`."""
    return f"{value / 100:+.2f}"


def amount(value: int) -> str:
    """Hundredths as an amount: `adds +0.35`, `costs -0.20`."""
    return f"{COSTS if value < 0 else ADDS} {signed(value)}"


def read_hundredths(text: str) -> int:
    """What `signed` or `amount` wrote, whatever its verb."""
    return hundredths(float(text.rsplit(" ", 1)[-1]))


def added(step: Claim) -> int:
    """What a step adds to the running total, hundredths; 0 for one that tells no amount."""
    return sum(read_hundredths(step.get(name) or "0") for name in ADDENDS.get(step.kind, ()))


def activity_of(steps: Iterable[Claim]) -> float:
    """The score that a trace carries, log2(RNA/DNA): the sum of all that it says is added."""
    return sum(map(added, steps)) / 100


def summed(steps: Iterable[Claim]) -> tuple[Claim, ...]:
    """The steps with their running totals, and what the last one leaves to be told, worked out from their amounts."""
    result, running = [], 0
    for step in steps:
        if step.kind == WHOLE:
            rest = read_hundredths(step.get("total") or "0") - running
            step = _with(step, "rest", amount(rest))
        elif step.kind in ADDENDS:
            running += added(step)
            step = _with(step, "running", signed(running))
        result.append(step)
    return tuple(result)


def _with(step: Claim, name: str, value: str) -> Claim:
    """The step saying something else of one field, or saying it at all, in the template's order."""
    values = {**dict(step.values), name: value}
    return Claim(step.kind, tuple((field, values[field]) for field in STEPS[step.kind].fields if field in values))
