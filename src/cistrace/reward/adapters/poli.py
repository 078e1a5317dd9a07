"""A reward as a black box of poli's (`poli-core`), which benchmarks optimisers of sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cistrace.io.codes import BASES
from cistrace.reward.reward import Reward

try:
    from poli.core.abstract_black_box import AbstractBlackBox
    from poli.core.black_box_information import BlackBoxInformation
except ImportError as error:
    raise ImportError(
        "reward.adapters.poli: found no poli; expected the package poli-core; docs/reward.md says how to install it"
    ) from error


class RewardBlackBox(AbstractBlackBox):
    """Rewards of arrays of strings: (N, 1) of whole sequences, or (N, L) of single letters; gives float64 (N, 1).

    Parameters
    ----------
    reward : Reward
    batch_size, evaluation_budget
        As poli's black boxes take them.
    """

    def __init__(self, reward: Reward, batch_size: int | None = None, evaluation_budget: int | None = None) -> None:
        super().__init__(batch_size=batch_size, evaluation_budget=evaluation_budget)
        self._reward = reward

    def get_black_box_info(self) -> BlackBoxInformation:
        """What poli knows of it: letters A, C, G, T, up to the model's window, of any length."""
        return BlackBoxInformation(
            name="cistrace", max_sequence_length=self._reward.window, aligned=False, fixed_length=False,
            deterministic=True, alphabet=list(BASES), discrete=True,
        )  # fmt: skip

    def _black_box(self, x: NDArray[np.str_], context: Any = None) -> NDArray[np.float64]:
        return self._reward(["".join(row) for row in x])[:, None]
