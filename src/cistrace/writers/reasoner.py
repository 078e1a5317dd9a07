"""What every reasoner does: it reads cards, writes traces, and scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cistrace.writers.prompts import Prompt

if TYPE_CHECKING:  # takes seconds to load
    from torch import Tensor, nn

OnWritten = Callable[[int], None]
"""Receives how many traces were finished since the last call."""


@dataclass(frozen=True, eq=False)
class Reasoned:
    """What the reasoner says of a batch.

    Attributes
    ----------
    scores : float32 tensor, shape (N, cell types)
        Standardised activity.
    texts : list of N lists of str
        The traces; empty lists where none were asked for.
    """

    scores: Tensor
    texts: list[list[str]]


class Reasoner(Protocol):
    """The language model and head of one checkpoint, in evaluation mode.

    Attributes
    ----------
    seed : int or None
        From which every prompt's own seed is made; None where tokens are chosen greedily and nothing is drawn.
    """

    seed: int | None

    @property
    def language_model(self) -> nn.Module:
        """What reads and writes."""

    def reason(
        self, prompts: Sequence[Sequence[Prompt]], features: Tensor, write: bool = True, constrained: bool = True,
        on_written: OnWritten | None = None, drafts: Sequence[Sequence[str]] | None = None, attempt: int = 0,
    ) -> Reasoned:  # fmt: skip
        """Score a batch, with traces unless told otherwise.

        Parameters
        ----------
        prompts : N sequences of C Prompt
            One a cell type; the C prompts of one sequence share their `shared` part.
        features : float32 tensor, shape (N, C, 2)
            The towers' part of the head's input.
        constrained : bool
            False decodes without the grammar, where there is one, to see what the weights alone do.
        on_written : callable, optional
            Called while traces are written, with how many more are finished; N x C in all.
        drafts : N sequences of C str, optional
            What the traces may come to be, each any text. They change nothing of what is written. A reasoner that
            decodes greedily is done sooner where one is right; others leave them unread.
        attempt : int
            Above 0 tokens are drawn, for every number anew: what is written is another text for the same prompt.
        """

    def rescore(self, prompts: Sequence[Sequence[Prompt]], texts: Sequence[Sequence[str]], features: Tensor) -> Tensor:
        """Scores, float32 (N, C), that the head gives where the reasoning of given texts ends.

        A text's own trace gives back its score from `reason`; an altered one shows what the alteration is worth to
        the head. Arguments as in `reason`; what follows the end of reasoning is not read.
        """
