"""Prompts that are too long lose the middle of their DNA sequence, never a motif, and never the scored end."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from cistrace.writers.layout import Layout
from cistrace.writers.prompts import Prompt

_SEQUENCE = re.compile(r"(?<=DNA Sequence:\n)[A-Za-z]+(?= \(Total Length: \d+\))")
GAP = "..."


@dataclass(frozen=True)
class FittedPrompt:
    """A prompt that fits, and whether its sequence had to be shortened."""

    prompt: Prompt
    shortened: bool


def fitted(layout: Layout, prompt: Prompt, room: int) -> FittedPrompt | None:
    """The prompt in at most `room` tokens, with as much of both ends of its sequence as fits; None if it cannot."""
    if _count(layout, prompt) <= room:
        return FittedPrompt(prompt, False)
    found = _SEQUENCE.search(prompt.own)
    if found is None or _count(layout, _cut(prompt, found, 0)) > room:
        return None
    low, high = 0, len(found[0])  # bases kept: `low` fit, `high` do not
    while high - low > 1:
        middle = (low + high) // 2
        if _count(layout, _cut(prompt, found, middle)) <= room:
            low = middle
        else:
            high = middle
    return FittedPrompt(_cut(prompt, found, low), True)


def _cut(prompt: Prompt, found: re.Match[str], kept: int) -> Prompt:
    bases = found[0]
    left, right = (kept + 1) // 2, kept // 2
    short = bases[:left] + GAP + bases[len(bases) - right :]
    return replace(prompt, own=prompt.own[: found.start()] + short + prompt.own[found.end() :])


def _count(layout: Layout, prompt: Prompt) -> int:
    return sum(map(len, layout.prompt_ids(prompt)))
