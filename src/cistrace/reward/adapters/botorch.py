"""A reward as a test function of BoTorch's, of the kind that holo-bench (`pytorch-holo`) optimises."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from cistrace.errors import InputError
from cistrace.io.codes import BASES
from cistrace.reward.reward import Reward
from cistrace.reward.validity import fault_of

try:
    from botorch.test_functions import SyntheticTestFunction
except ImportError as error:
    raise ImportError(
        "reward.adapters.botorch: found no botorch; expected the package botorch; docs/reward.md says how to install it"
    ) from error


class RewardTestFunction(SyntheticTestFunction):
    """Rewards of sequences as whole numbers (..., dim): 0-3 for A, C, G, T; to be maximised unless `negate`.

    It has what holo's optimisers ask of `Ehrlich`: `num_states`, `dim`, `initial_solution`, `random_solution`. The best
    value is not known.

    Parameters
    ----------
    reward : Reward
    start : str
        Sequence to begin with; its length is that of all.
    noise_std, negate
        As BoTorch's test functions take them.

    Raises
    ------
    InputError
        A start that the reward cannot score.
    """

    num_objectives = 1
    num_states = len(BASES)
    _optimal_value = None
    _is_minimization_by_default = False

    def __init__(
        self, reward: Reward, start: str, noise_std: float | None = None, negate: bool = False
    ) -> None:  # fmt: skip
        start = start.strip().upper()
        fault = fault_of(start, reward.window)
        if fault is not None:
            raise InputError(f"start: {fault.reason}; give another")
        self.dim = len(start)
        self.continuous_inds: list[int] = []
        self.discrete_inds: list[int] = []
        self.categorical_inds = list(range(self.dim))
        super().__init__(noise_std=noise_std, negate=negate, bounds=[(0.0, self.num_states - 1.0)] * self.dim)
        self._reward = reward
        self._start = torch.tensor([BASES.index(base) for base in start])

    def _evaluate_true(self, X: Tensor) -> Tensor:
        """Rewards (...,) of X (..., dim)."""
        letters = np.array(list(BASES))[X.reshape(-1, self.dim).round().long().clamp(0, 3).cpu().numpy()]
        rewards = self._reward(["".join(row) for row in letters])
        return torch.from_numpy(rewards).to(X).reshape(X.shape[:-1])

    def evaluate_true(self, X: Tensor) -> Tensor:
        """The same, by the name that BoTorch had for it before 0.14."""
        return self._evaluate_true(X)

    def forward(self, X: Tensor, noise: bool = True) -> Tensor:
        """Rewards (...,) of X (..., dim), whole numbers of any type."""
        return super().forward(X.float(), noise)  # type: ignore[no-any-return]

    def initial_solution(self, n: int = 1) -> Tensor:
        """The start: int64 (dim,), or (n, dim) copies of it."""
        return self._start.clone() if n == 1 else self._start.repeat(n, 1)

    def random_solution(self, n: int = 1) -> Tensor:
        """Random sequences, by PyTorch's generator: int64 (dim,) or (n, dim)."""
        found = torch.randint(self.num_states, (n, self.dim))
        return found[0] if n == 1 else found
