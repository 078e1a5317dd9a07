"""Sequences in another order of their own letters: what of an element is more than its composition is lost."""

from __future__ import annotations

from itertools import pairwise

import numpy as np


def letters_shuffled(bases: str, random: np.random.Generator) -> str:
    """The same letters in a random order."""
    return "".join(random.permutation(list(bases)).tolist())


def dinucleotides_shuffled(bases: str, random: np.random.Generator) -> str:
    """A random order of the same letters in which every pair of neighbours is as frequent as before.

    First and last letter stay. A walk along all steps from letter to letter, each taken once, drawn among all such
    walks (Altschul & Erickson, Mol Biol Evol 1985): which step leaves a letter last is drawn anew until these lead
    from every letter to the last one.
    """
    if len(bases) < 3:
        return bases
    steps: dict[str, list[str]] = {}
    for here, there in pairwise(bases):
        steps.setdefault(here, []).append(there)
    end = bases[-1]
    leaving = [letter for letter in steps if letter != end]
    while True:
        last = {letter: int(random.integers(len(steps[letter]))) for letter in leaving}
        if all(_reaches(letter, {one: steps[one][at] for one, at in last.items()}, end) for letter in leaving):
            break
    order: dict[str, list[str]] = {}
    for letter, found in steps.items():
        kept = [found[last[letter]]] if letter in last else []
        rest = [there for at, there in enumerate(found) if at != last.get(letter)]
        order[letter] = [*(rest[at] for at in random.permutation(len(rest))), *kept][::-1]
    walk = [bases[0]]
    while order.get(walk[-1]):
        walk.append(order[walk[-1]].pop())
    return "".join(walk)


def _reaches(start: str, steps: dict[str, str], end: str) -> bool:
    """Whether the steps, one a letter, lead from one letter to another."""
    at, left = start, len(steps)
    while at != end and left:
        at, left = steps[at], left - 1
    return at == end
