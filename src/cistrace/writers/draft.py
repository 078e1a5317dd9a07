"""Drafts: what a writer is about to write, perhaps. It reads a draft at once and keeps what it would write itself.

Greedy verification of drafts (Stern et al. 2018, Leviathan et al. 2023) chooses every token as decoding one by one
does. A draft that is right saves time; one that is wrong costs some and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from cistrace.traces.templates import THINK_END
from cistrace.writers.vocabulary import NUMBERS

Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Draft:
    """A draft of one text, in tokens.

    Attributes
    ----------
    steps : tuple of token sequences
        Without their numbers, each up to the end of its line.
    conclusion : token sequence
        From the end of reasoning on.
    told : tuple of token sequences
        The prompt's lines: where a writer leaves the draft, it often copies one of these.
    numbers : token sequence
        What numbers the first step, the second, ...
    """

    steps: tuple[Tokens, ...]
    conclusion: Tokens
    told: tuple[Tokens, ...]
    numbers: Tokens

    def behind(self, written: Tokens) -> Tokens:
        """What may follow the tokens of a text, from its first one on, wherever that has left the draft.

        A step goes on as the one of draft or prompt that begins most alike; then come the draft's steps that are left,
        numbered anew. A step that the draft lacks is taken to stand in the place of the first of these.
        """
        if self.conclusion and self.conclusion[0] in written:
            return self.conclusion[len(written) - written.index(self.conclusion[0]) :]
        left, begun = self.steps, tuple(self._begun(written))
        rest: Tokens = ()
        for step in begun:
            alike = max((*left, *self.told), key=partial(_in_common, step), default=())
            if not _in_common(step, alike):
                alike = left[0] if left else ()
            place = left.index(alike) if alike in left else 0
            left, rest = (*left[:place], *left[place + 1 :]), alike[len(step) :]
        numbered = zip(self.numbers[len(begun) :], left)
        return (*rest, *(token for number, step in numbered for token in (number, *step)), *self.conclusion)

    def _begun(self, written: Tokens) -> Iterator[Tokens]:
        """The steps of a text, the last perhaps in part."""
        begins = [at + 1 for at, token in enumerate(written) if token in self.numbers]
        for begin, following in pairwise([*begins, len(written) + 1]):
            yield written[begin : following - 1]


def _in_common(one: Tokens, other: Tokens) -> int:
    """Length of the beginning that both share."""
    return next((at for at, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))


def read_draft(text: str, prompt: str, tokens_of: Callable[[str], Tokens]) -> Draft:
    """A draft of any text that is to follow a prompt; what is neither numbered step nor conclusion is left out of it.

    An empty one proposes lines of the prompt alone, where a step has begun as they do.
    """
    reasoning, end, conclusion = text.partition(THINK_END)
    numbered = [line.partition(" ") for line in reasoning.splitlines(keepends=True)]
    return Draft(
        steps=tuple(tokens_of(step) for number, space, step in numbered if number + space in NUMBERS),
        conclusion=tokens_of(end + conclusion) if end else (),
        told=tuple(tokens_of(line) for line in prompt.splitlines(keepends=True)),
        numbers=tuple(token for number in NUMBERS for token in tokens_of(number)),
    )
