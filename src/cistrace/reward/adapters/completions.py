"""The DNA in what a language model wrote.

What follows the last `</think>` is the answer. There, in this order: what stands in the last `<dna>...</dna>`; the
whole answer, where it is letters A, C, G, T (either case) and blanks alone; the longest run of 20 such letters or more,
over line ends where whole lines are such letters, the first of equally long ones; else the answer as it is, which a
reward then weighs by how far it is from DNA.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cistrace.cards.windows import MINIMUM_KNOWN

THOUGHT = "</think>"
_TAGGED = re.compile(r"<dna>(.*?)</dna>", re.IGNORECASE | re.DOTALL)
_BASES = "ACGTacgt"
_RUN = re.compile(rf"(?<![A-Za-z])[{_BASES}]+(?:[ \t\r]*\n[ \t]*[{_BASES}]+(?=[ \t\r]*(?:\n|$)))*(?![A-Za-z])")

Completion = str | Sequence[Mapping[str, Any]] | None
"""Text, None, or messages of a chat with `content`: text, or parts of which those with `text` count."""


def dna_in(text: str) -> str:
    """The DNA of a completion, or else its answer as it is.

    Parameters
    ----------
    text : str
        All that the model wrote.

    Returns
    -------
    str
        Without blanks wherever it is DNA.
    """
    answer = text.rpartition(THOUGHT)[2]
    tagged = _TAGGED.findall(answer)
    if tagged:
        return _joined(tagged[-1])
    if not (whole := _joined(answer)).strip(_BASES):
        return whole
    runs = [_joined(run) for run in _RUN.findall(answer)]
    longest = max(runs, key=len, default="")
    return longest if len(longest) >= MINIMUM_KNOWN else answer.strip()


def text_of(completion: Completion) -> str | None:
    """What the model wrote: of a chat, the last message that holds text; None where none does."""
    if isinstance(completion, str):
        return completion
    for message in reversed(completion or ()):
        content = message.get("content")
        if isinstance(content, str):
            return content
        texts = [part.get("text") for part in content or () if isinstance(part, Mapping)]
        if parts := [text for text in texts if isinstance(text, str)]:
            return "".join(parts)
    return None


def _joined(text: str) -> str:
    return "".join(text.split())
