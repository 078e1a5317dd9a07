"""Traces of a window, in the positions of the sequence that the window lies in.

A writer reads a card, whose positions start with its window; a reader of results knows the input alone.
"""

from __future__ import annotations

import re

from cistrace.traces.prose import PLACE, STRETCH
from cistrace.traces.templates import THINK_END
from cistrace.traces.text import parse_step, render_step
from cistrace.traces.trace import PROSE, Claim

_STEP_LINE = re.compile(r"(\s*\d{1,3}[.)]\s+)(\S.*?)(\s*)")


def moved_text(text: str, by: int) -> str:
    """The text of a trace with every position moved by so many bases: of typed steps, and of hits cited in prose."""
    if not by:
        return text
    reasoning, ended, conclusion = text.partition(THINK_END)
    return "".join(_moved_line(line, by) for line in reasoning.splitlines(keepends=True)) + ended + conclusion


def _moved_line(line: str, by: int) -> str:
    match = _STEP_LINE.fullmatch(line)
    if match is None:
        return _moved_prose(line, by)
    step = parse_step(match[2])
    moved = _moved_prose(match[2], by) if step.kind == PROSE else render_step(_moved_claim(step, by))
    return match[1] + moved + match[3]


def _moved_claim(step: Claim, by: int) -> Claim:
    places = ("start", "end")
    return Claim(
        step.kind, tuple((name, str(int(value) + by) if name in places else value) for name, value in step.values)
    )


def _moved_prose(text: str, by: int) -> str:
    text = STRETCH.sub(lambda match: _moved_numbers(match[0], by), text)
    return PLACE.sub(lambda match: _moved_numbers(match[0], by), text)


def _moved_numbers(text: str, by: int) -> str:
    return re.sub(r"\d+", lambda number: str(int(number[0]) + by), text)
