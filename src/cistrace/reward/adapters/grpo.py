"""A reward function as TRL's GRPO trainer, and those of its kind, call it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from cistrace.reward.adapters.completions import Completion, dna_in, text_of
from cistrace.reward.reward import Reward


class GrpoReward:
    """`f(prompts, completions, **columns) -> list of float or None`, for `GRPOTrainer(reward_funcs=...)`.

    Any completion has a number, whatever the model wrote; None where it wrote no text at all (a call of a tool), which
    TRL leaves out. DNA is found by the rule of `reward.adapters.completions`.

    Parameters
    ----------
    reward : Reward
    name : str
        By which it is logged.
    """

    def __init__(self, reward: Reward, name: str = "cistrace") -> None:
        self._reward = reward
        self.__name__ = name

    def __call__(
        self, prompts: Sequence[object], completions: Sequence[Completion], **columns: object
    ) -> list[float | None]:
        """Rewards of completions; prompts and other columns are not looked at."""
        texts = [text_of(completion) for completion in completions]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # nothing to score is what an untrained model writes
            rewards = iter(self._reward([dna_in(text) for text in texts if text is not None]).tolist())
        return [None if text is None else next(rewards) for text in texts]
