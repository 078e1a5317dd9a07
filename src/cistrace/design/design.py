"""One designed sequence, as a search gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Design:
    """One designed sequence.

    Attributes
    ----------
    id : str
        `design_1` and so on, by falling reward.
    bases : str
        A, C, G and T.
    start_id : str or None
        Id of the sequence that it began as; None for a search from scratch.
    start_bases : str or None
        That sequence, of the same length.
    reward : float
        What the search made high, penalties taken off.
    activities : mapping of str to float
        Of every cell type of the model, log2(RNA/DNA).
    components : mapping of str to float
        What the reward is made of: `objective`, `uncertainty`, `out_of_domain`; the last two are not negative and are
        taken off.
    edits : int
        Bases in which it differs from its start; 0 without one.
    round : int
        Of the search, in which it was found; 0 is what it began with.
    moves : tuple of str
        The kinds of moves that led to it, the last one last.
    """

    id: str
    bases: str
    start_id: str | None
    start_bases: str | None
    reward: float
    activities: Mapping[str, float]
    components: Mapping[str, float]
    edits: int
    round: int
    moves: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Design {self.id}: {len(self.bases)} bp, reward {self.reward:.3f}, {self.edits} edits>"
