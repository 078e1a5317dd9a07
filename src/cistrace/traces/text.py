"""Traces: render to text, parse back, verify every claim against a card.

    1. GC content 0.545 is medium
    2. m3 SP1 of Three-zinc finger Kruppel-related at 45-55 (+) with 14 bits raises activity by +0.41; ...
    ...
    </think>Level: 2

Positions are 1-based inclusive.
"""

from __future__ import annotations

import re

from cistrace.errors import TraceError
from cistrace.traces.templates import FEWEST_STEPS, LEVEL_LINE, MOST_STEPS, STEPS, THINK_END, Template
from cistrace.traces.trace import Claim, Trace

_PATTERNS = {
    "motif": r"m\d+",
    "motifs": r"m\d+(?: m\d+)*",
    "strand": r"[+-]",
    "start": r"\d+",
    "end": r"\d+",
    "bits": r"-?\d+",
    "count": r"\d+",
    "distance": r"\d+",
    "contribution": r"[+-]\d\.\d\d",
    "raising": r"[+-]\d\.\d",
    "lowering": r"[+-]\d\.\d",
    "estimate": r"[+-]\d\.\d",
    "gc": r"\d\.\d{3}",
    "cpg": r"\d\.\d\d",
    "share": r"\d\.\d\d",
}


def _pattern(template: Template) -> re.Pattern[str]:
    parts = [f"{re.escape(literal)}(?P<{name}>{_PATTERNS.get(name, '.+?')})" for literal, name in template.parts]
    return re.compile("".join(parts) + re.escape(template.tail))


_STEP_PATTERNS = {kind: _pattern(template) for kind, template in STEPS.items()}
_NUMBERED = re.compile(r"(\d+)\. (.*)")


def render_step(claim: Claim) -> str:
    return STEPS[claim.kind].render(dict(claim.values))


def render_steps(steps: tuple[Claim, ...]) -> str:
    """Numbered lines, each ended by a line break."""
    return "".join(f"{number}. {render_step(step)}\n" for number, step in enumerate(steps, 1))


def render_trace(trace: Trace) -> str:
    """Steps, the end of reasoning, and the level where there is one."""
    conclusion = "" if trace.level is None else f"{LEVEL_LINE}{trace.level}"
    return render_steps(trace.steps) + THINK_END + conclusion


def parse_step(text: str) -> Claim:
    """Read one step without its number.

    Raises
    ------
    TraceError
        The text fits no kind of claim.
    """
    for kind, pattern in _STEP_PATTERNS.items():
        match = pattern.fullmatch(text)
        if match:
            return Claim(kind, tuple(match.groupdict().items()))
    raise TraceError(f"trace: found step {text[:80]!r}, expected one of the claims {', '.join(STEPS)}")


def parse_trace(text: str) -> Trace:
    """Read a trace back from `render_trace`'s text.

    Raises
    ------
    TraceError
        Steps are not numbered 1, 2, ..., are fewer than 5 or more than 7, one fits no kind of claim,
        the reasoning does not end, or the level is not 0-3.
    """
    reasoning, ended, conclusion = text.partition(THINK_END)
    if not ended:
        raise TraceError(f"trace: found no {THINK_END}, expected it after the last step")
    steps = []
    for number, line in enumerate(reasoning.splitlines(), 1):
        match = _NUMBERED.fullmatch(line)
        if match is None or match[1] != str(number):
            raise TraceError(f"trace: found line {line[:80]!r}, expected step '{number}. ...'")
        steps.append(parse_step(match[2]))
    if not FEWEST_STEPS <= len(steps) <= MOST_STEPS:
        raise TraceError(f"trace: found {len(steps)} steps, expected {FEWEST_STEPS}-{MOST_STEPS}")
    return Trace(tuple(steps), _parse_level(conclusion.strip()))


def _parse_level(text: str) -> int | None:
    if not text:
        return None
    match = re.fullmatch(re.escape(LEVEL_LINE) + "([0-3])", text)
    if match is None:
        raise TraceError(f"trace: found conclusion {text[:80]!r}, expected '{LEVEL_LINE}0' to '{LEVEL_LINE}3'")
    return int(match[1])
