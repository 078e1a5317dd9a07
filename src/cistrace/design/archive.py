"""All that a search has seen, in the order it was found: what the next round and the result follow from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cistrace.constraints.distances import edit_distances
from cistrace.io.codes import Codes, codes_of

NOBODY = -1  # a parent or start that is none


@dataclass(frozen=True, slots=True)
class Found:
    """A sequence that was scored.

    Attributes
    ----------
    bases : str
    reward : float
    move : str
        `start`, `random`, or what made it of its parent.
    parent, start : int
        Places in the archive and among the starts, or `NOBODY`.
    round : int
    """

    bases: str
    reward: float
    move: str
    parent: int
    start: int
    round: int


@dataclass(frozen=True, slots=True)
class Round:
    """What a round found, and for which entries of the archive it asked for gradients for the first time."""

    number: int
    found: tuple[Found, ...]
    gradients: tuple[int, ...]


class Archive:
    """Every sequence that was scored, none twice."""

    def __init__(self) -> None:
        self.found: list[Found] = []
        self.rounds = 0
        self.climbed: set[int] = set()
        self._known: set[str] = set()
        self._codes: list[Codes] = []

    @property
    def calls(self) -> int:
        """Passes through the model: sequences scored, and gradients."""
        return len(self.found) + len(self.climbed)

    def __contains__(self, bases: str) -> bool:
        return bases in self._known

    def add(self, round: Round) -> None:
        """Take in what a round found."""
        for one in round.found:
            self.found.append(one)
            self._known.add(one.bases)
            self._codes.append(codes_of(one.bases))
        self.climbed.update(round.gradients)
        self.rounds = round.number + 1

    def codes(self, place: int) -> Codes:
        """The codes of an entry."""
        return self._codes[place]

    def moves(self, place: int) -> tuple[str, ...]:
        """The moves that led to an entry, the first one first."""
        return tuple(reversed([one.move for one in self._line(place)]))

    def _line(self, place: int) -> Iterator[Found]:
        while place != NOBODY:
            yield self.found[place]
            place = self.found[place].parent

    def best(self, count: int, apart: int, among: int | None = None) -> list[int]:
        """Places of the sequences of the highest rewards of which no two are nearer than `apart`, best first.

        Each is the best of those that are far enough from all before it.

        Parameters
        ----------
        count : int
            As many, or fewer where there are no more.
        apart : int
            Least edit distance; 0 for none.
        among : int, optional
            Of so many of the highest rewards alone.
        """
        rewards = np.array([one.reward for one in self.found])
        order = np.argsort(-rewards, kind="stable")[:among]
        if not len(order):
            return []
        codes = np.stack([self._codes[place] for place in order.tolist()])
        alive = np.ones(len(order), dtype=np.bool_)
        chosen: list[int] = []
        for rank, place in enumerate(order.tolist()):
            if len(chosen) == count:
                break
            # Substitutions alone are no fewer than edits: a cheap look at all first, edit distances of the few left.
            if alive[rank] and self._is_apart(place, chosen, apart):
                chosen.append(place)
                alive &= (codes != codes[rank]).sum(axis=1) >= apart
        return chosen

    def _is_apart(self, place: int, chosen: Iterable[int], apart: int) -> bool:
        others = [self.found[one].bases for one in chosen]
        if not others or apart < 1:
            return True
        return int(edit_distances([self.found[place].bases], others, apart).min()) >= apart


def spread(archive: Archive, places: list[int]) -> float:
    """The mean share of places in which two of the sequences differ: how diverse they are, 0 to 1."""
    if len(places) < 2:
        return 0.0
    codes = np.stack([archive.codes(place) for place in places])
    return float(np.mean(pair_differences(codes))) / codes.shape[1]


def pair_differences(codes: Codes) -> NDArray[np.int64]:
    """In how many places any two rows differ: int64 (pairs,)."""
    rows, others = np.triu_indices(len(codes), 1)
    return (codes[rows] != codes[others]).sum(axis=1)
