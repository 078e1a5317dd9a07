"""Designs that a move has made are mended until they meet every constraint; those that cannot be are left out.

So that constraints hold by construction: bases of kept regions come back, edits too many are undone, GC is brought into
its range, and where a forbidden site, a run or a motif to avoid stands one of its bases is changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cistrace.constraints.checker import ConstraintChecker
from cistrace.constraints.constraints import Constraints
from cistrace.constraints.contradictions import free_places
from cistrace.constraints.motif_rules import named_motifs
from cistrace.constraints.words import hit_words
from cistrace.io.codes import Codes, bases_of, codes_of, opposite

ROUNDS = 8  # of mending what is still broken, after which a child is given up
_WORDS = 64  # best words of a kept motif, of which one is put in where it is missing


@dataclass(frozen=True, eq=False)
class Draft:
    """A child before it is mended.

    Attributes
    ----------
    codes : ndarray, uint8, shape (length,)
    start : ndarray, uint8, shape (length,), or None
        Where its line began.
    parent : ndarray, uint8, shape (length,), or None
        What it was made of; its own edits are undone last.
    """

    codes: Codes
    start: Codes | None = None
    parent: Codes | None = None


class Mender:
    """Mends drafts of one length.

    Parameters
    ----------
    constraints : Constraints
    length : int
    starts : tuple of str
        Where lines begin; empty for a search from scratch.
    """

    def __init__(self, constraints: Constraints, length: int, starts: tuple[str, ...] = ()) -> None:
        self.constraints = constraints
        self.checker = ConstraintChecker(constraints, starts)
        self.free = np.array(free_places(constraints, length), dtype=np.int64)
        self._kept = np.setdiff1d(np.arange(length), self.free)
        low, high = constraints.gc or (0.0, 1.0)
        self._fewest, self._most = math.ceil(low * length - 1e-9), math.floor(high * length + 1e-9)
        self._missing = [
            [
                codes_of(word)
                for motif in named_motifs(name)
                if motif.width <= length
                for word in hit_words(motif, _WORDS)
            ]
            for name in constraints.keep_motifs
        ]

    def mended(self, drafts: list[Draft], random: np.random.Generator) -> list[Codes | None]:
        """Every draft as it meets all constraints, or None where it could not be brought to."""
        found: list[Codes | None] = [None] * len(drafts)
        codes = [self._bounded(draft.codes.copy(), draft, random) for draft in drafts]
        left = list(range(len(drafts)))
        for last in range(ROUNDS, -1, -1):
            met = self.checker.met([bases_of(codes[place]) for place in left])
            for place in (place for place, good in zip(left, met.tolist()) if good):
                found[place] = codes[place]
            left = [place for place, good in zip(left, met.tolist()) if not good]
            if not left or not last:
                break
            for place in left:
                self._break_up(codes[place], random)
                codes[place] = self._bounded(codes[place], drafts[place], random)
        return found

    def _bounded(self, codes: Codes, draft: Draft, random: np.random.Generator) -> Codes:
        """Kept regions, edits and GC as they should be, if they can."""
        start = draft.start
        if start is not None:
            codes[self._kept] = start[self._kept]
            self._undo(codes, start, draft.parent, random)
        self._balance(codes, start, random)
        return codes

    def _undo(self, codes: Codes, start: Codes, parent: Codes | None, random: np.random.Generator) -> None:
        """Undo edits that are too many, older ones first, at random among them."""
        most = self.constraints.maximum_edits
        edited = np.flatnonzero(codes != start)
        if most is None or len(edited) <= most:
            return
        fresh = np.zeros(len(edited)) if parent is None else (codes[edited] != parent[edited]).astype(float)
        order = np.argsort(fresh + random.random(len(edited)), kind="stable")
        undone = edited[order[: len(edited) - most]]
        codes[undone] = start[undone]

    def _balance(self, codes: Codes, start: Codes | None, random: np.random.Generator) -> None:
        """Change bases from or to G and C until their number is in its range; at the limit where edited already."""
        strong = (codes == 1) | (codes == 2)
        count = int(strong.sum())
        surplus = count - self._most if count > self._most else min(0, count - self._fewest)
        if not surplus:
            return
        wrong = self.free[strong[self.free] == (surplus > 0)]
        random.shuffle(wrong)
        room = self._room(codes, start)
        changed = 0
        for place in wrong.tolist():
            if changed == abs(surplus):
                break
            base = self._other_kind(place, start, surplus > 0, random)
            new = start is not None and codes[place] == start[place]
            if new and room <= 0:
                continue
            room -= int(new)
            codes[place] = base
            changed += 1

    def _room(self, codes: Codes, start: Codes | None) -> int:
        most = self.constraints.maximum_edits
        return len(codes) if start is None or most is None else most - int((codes != start).sum())

    @staticmethod
    def _other_kind(place: int, start: Codes | None, to_weak: bool, random: np.random.Generator) -> int:
        """A base of the wanted kind, the start's own if it is one: that takes an edit back."""
        kinds = (0, 3) if to_weak else (1, 2)
        if start is not None and int(start[place]) in kinds:
            return int(start[place])
        return kinds[int(random.integers(2))]

    def _break_up(self, codes: Codes, random: np.random.Generator) -> None:
        """Change a base of everything that may not stand there, and put in a kept motif that is missing."""
        bases = bases_of(codes)
        for words in self._lacking(bases):
            word = words[int(random.integers(len(words)))]
            word = word if random.random() < 0.5 else opposite(word)
            place = int(random.integers(len(codes) - len(word) + 1))
            codes[place : place + len(word)] = word
        for first, last in self.checker.spans(bases):
            places = self.free[(self.free >= first) & (self.free < last)]
            if len(places):
                place = int(random.choice(places))
                codes[place] = (codes[place] + random.integers(1, 4)) % 4

    def _lacking(self, bases: str) -> list[list[Codes]]:
        names = self.checker.lacking(bases)
        return [words for words, lacks in zip(self._missing, names) if lacks and words]


def random_drafts(count: int, length: int, gc: tuple[float, float], random: np.random.Generator) -> list[Draft]:
    """Random sequences, each of its own GC from the range given."""
    shares = random.uniform(*gc, size=(count, 1))
    strong = random.random((count, length)) < shares
    codes = np.where(strong, random.integers(1, 3, (count, length)), 3 * random.integers(0, 2, (count, length)))
    return [Draft(row) for row in codes.astype(np.uint8)]
