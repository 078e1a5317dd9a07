"""Traces as text: render, and read back.

    1. m1: SP1 site (SP/KLF) at 45-55 (+), 14 bits, adds +0.41: now +0.41; known effect raising
    2. GC 0.545 and CpG 0.31 alone give -0.20, the bases between sites +0.02: now +0.23
    ...
    </think>Level: 2

Positions are 1-based inclusive. A step in the words of a template is read as that kind of claim, any other as prose.
Blank lines, `2)` for `2.` and an opening `<think>` are let pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cistrace.errors import TraceError
from cistrace.traces.templates import (
    ADDS,
    COSTS,
    FEWEST_STEPS,
    LEVEL_LINE,
    MOST_STEPS,
    STEPS,
    THINK_BEGIN,
    THINK_END,
    Template,
)
from cistrace.traces.trace import FORM, LENGTH, PROSE, Claim, Finding, Trace

_SIGNED = r"[+-]\d{1,2}\.\d\d"
_AMOUNT = rf"(?:{ADDS}|{COSTS}) {_SIGNED}"
_PATTERNS = {
    "number": r"m\d+",
    "strand": r"[+-]",
    "start": r"\d+",
    "end": r"\d+",
    "second": r"m\d+",
    "bits": r"-?\d+",
    "count": r"\d+",
    "distance": r"\d+",
    "amount": _AMOUNT,
    "rest": _AMOUNT,
    "composition": _SIGNED,
    "bases": _SIGNED,
    "running": _SIGNED,
    "total": _SIGNED,
    "gc": r"\d\.\d{3}",
    "cpg": r"\d\.\d\d",
    "share": r"\d\.\d\d",
}
LONGEST_TRACE, LONGEST_STEP = 20_000, 2_000
"""Characters that are read of a trace and of one step: an endpoint may send a megabyte, and what it takes to read a
line and to check it rises faster than that."""

_QUOTED = 60  # characters of a text that a finding repeats


def _pattern(template: Template) -> re.Pattern[str]:
    parts = [f"{re.escape(literal)}(?P<{name}>{_PATTERNS.get(name, '.+?')})" for literal, name in template.parts]
    return re.compile("".join(parts) + re.escape(template.tail))


_STEP_PATTERNS = {kind: _pattern(template) for kind, template in STEPS.items()}
_NUMBERED = re.compile(r"\s*(\d{1,3})[.)]\s+(\S.*?)\s*")
_LEVEL = re.compile(re.escape(LEVEL_LINE.strip()) + r"\s*([0-3])")


@dataclass(frozen=True, slots=True)
class ReadTrace:
    """What a text holds of a trace, and what keeps it from being one.

    Attributes
    ----------
    trace : Trace
        Every step that could be read, and the level where there is one.
    faults : tuple of Finding
        Of the fields `form` and `length`; none where the text is a trace.
    """

    trace: Trace
    faults: tuple[Finding, ...]


def render_step(claim: Claim) -> str:
    """A claim as the text of a step, without its number."""
    if claim.kind == PROSE:
        return claim.get("text") or ""
    return STEPS[claim.kind].render(dict(claim.values))


def render_steps(steps: tuple[Claim, ...]) -> str:
    """Numbered lines, each ended by a line break."""
    return "".join(f"{number}. {render_step(step)}\n" for number, step in enumerate(steps, 1))


def render_trace(trace: Trace) -> str:
    """Steps, the end of reasoning, and the level where there is one."""
    conclusion = "" if trace.level is None else f"{LEVEL_LINE}{trace.level}"
    return render_steps(trace.steps) + THINK_END + conclusion


def reasoning_of(text: str) -> str:
    """A trace's text up to the end of its reasoning. One that never ended it counts as none: nothing may be scored
    there that the writer did not write."""
    reasoning, ended, _ = text.partition(THINK_END)
    return reasoning if ended else ""


def parse_step(text: str) -> Claim:
    """Read one step without its number: a claim of the kind whose template it fits, else prose.

    Of one over `LONGEST_STEP` that many characters are read, as prose.
    """
    if len(text) > LONGEST_STEP:
        return Claim(PROSE, (("text", text[:LONGEST_STEP]),))
    for kind, pattern in _STEP_PATTERNS.items():
        match = pattern.fullmatch(text)
        if match:
            return Claim(kind, tuple(match.groupdict().items()))
    return Claim(PROSE, (("text", text),))


def parse_trace(text: str) -> Trace:
    """Read a trace back from `render_trace`'s text, or from any text of that form.

    Parameters
    ----------
    text : str

    Returns
    -------
    Trace

    Raises
    ------
    TraceError
        Steps are not numbered 1, 2, ..., are fewer than 5 or more than 7, the reasoning does not end, or the level is
        not 0-3.
    """
    read = read_trace(text)
    for fault in read.faults:
        raise TraceError(f"trace: found {fault.reason}")
    return read.trace


def read_trace(text: str) -> ReadTrace:
    """Read as much of a trace as a text holds; nothing of one over `LONGEST_TRACE`."""
    if len(text) > LONGEST_TRACE:
        return ReadTrace(Trace((), None), (_form(f"{len(text):,} characters", f"at most {LONGEST_TRACE:,}"),))
    reasoning, ended, conclusion = text.strip().removeprefix(THINK_BEGIN).partition(THINK_END)
    faults = [] if ended else [_form(f"no {THINK_END}", "it after the last step")]
    steps: list[Claim] = []
    for line in reasoning.splitlines():
        if not line.strip():
            continue
        match = _NUMBERED.fullmatch(line)
        if match is None or int(match[1]) != len(steps) + 1:
            faults.append(_form(f"line {line.strip()[:_QUOTED]!r}", f"step '{len(steps) + 1}. ...'"))
        if match is not None:
            if len(match[2]) > LONGEST_STEP:
                faults.append(_form(f"step {match[1]} of {len(match[2]):,} characters", f"at most {LONGEST_STEP:,}"))
            steps.append(parse_step(match[2]))
    match = _LEVEL.fullmatch(conclusion.strip())
    if ended and match is None:
        expected = f"'{LEVEL_LINE}0' to '{LEVEL_LINE}3'"
        faults.append(_form(f"conclusion {conclusion.strip()[:_QUOTED]!r}", expected))
    if not FEWEST_STEPS <= len(steps) <= MOST_STEPS:
        faults.append(Finding(0, LENGTH, f"{len(steps)} steps", f"{FEWEST_STEPS}-{MOST_STEPS}", False))
    return ReadTrace(Trace(tuple(steps), None if match is None else int(match[1])), tuple(faults))


def _form(claimed: str, found: str) -> Finding:
    return Finding(0, FORM, claimed, found, False)
