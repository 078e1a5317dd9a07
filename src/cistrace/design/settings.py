"""How a search goes about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cistrace.constraints.constraints import Constraints
from cistrace.constraints.contradictions import free_places
from cistrace.design.moves import MOVES, Move

# Chosen by experiment at equal calls: docs/experiments.md.
MIX: Mapping[Move, float] = MappingProxyType({"mutate": 0.1, "recombine": 0.2, "climb": 0.5, "plant": 0.2})
CALLS_A_DESIGN = 100
FEWEST_CALLS = 2_000
# Of the length: what two designs differ by at least, unless constraints say otherwise. Random sequences differ by half.
APART, APART_OF_STARTS = 0.4, 0.1


@dataclass(frozen=True)
class SearchSettings:
    """How a search goes about it.

    Attributes
    ----------
    count : int
        Designs that are wanted.
    length : int
        bp of each.
    calls : int
        Passes through the model at most: sequences scored, and gradients.
    apart : int
        Least edit distance between two designs, and between two parents of a round.
    seed : int
    rounds : int or None
        Rounds at most, the first one, of what the search begins with, not counted.
    mix : mapping of Move to float
        The share of each move among the children.
    planted : float
        Sites that are put into a random sequence of the first round, on average.
    """

    count: int
    length: int
    calls: int
    apart: int
    seed: int = 0
    rounds: int | None = None
    mix: Mapping[Move, float] = field(default_factory=lambda: MIX)
    planted: float = 2.0

    @property
    def parents(self) -> int:
        """Parents of a round."""
        return max(20, self.count + self.count // 2)

    @property
    def children(self) -> int:
        """Children of a round."""
        return min(512, max(64, self.calls // 40))

    def shares(self, without: set[Move]) -> dict[Move, float]:
        """The mix without moves that cannot be made; sums to 1."""
        left = {move: self.mix.get(move, 0.0) for move in MOVES if move not in without}
        total = sum(left.values())
        return {move: share / total for move, share in left.items()} if total else {"mutate": 1.0}


def least_distance(constraints: Constraints, length: int, started: bool) -> int:
    """What two designs differ by at least, edits.

    As constraints ask; else two fifths of the length, or a tenth where designs have starts, as far as they allow it.
    """
    if constraints.distance_between is not None:
        return constraints.distance_between
    free = len(free_places(constraints, length))
    share = APART_OF_STARTS if started else APART
    return max(1, min(int(share * length), constraints.maximum_edits or length, free))
