"""A causal language model with the regression head: what stage II trains.

The head scores on the last token of what was read: the end of the reasoning, or of the prompt in arms that read none;
and, at a weight of its own, on the prompt's end, so that one head serves with and without a trace. A batch's loss is

    sum over rows of the mean squared error of their segments / rows
    + without_trace x the same where prompts end + writing x cross-entropy over supervised tokens / their number

with rows and tokens counted over all processes and accumulated batches: how a batch is dealt out does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from cistrace.training.rows import IGNORED
from cistrace.writers.head import Head


@dataclass(frozen=True)
class LossWeights:
    """How a batch's loss is made.

    Attributes
    ----------
    without_trace, writing : float
        Weights of the two further terms; 0 leaves them out.
    processes, accumulate : int
        Batches of one weight update: the trainer multiplies a loss by the first and adds up the second.
    """

    without_trace: float
    writing: float
    processes: int = 1
    accumulate: int = 1


class ActivityModel(nn.Module):
    """Language model and head. Its state holds the weights that are trained alone, tied ones once.

    Parameters
    ----------
    language_model : PreTrainedModel
        With adapters injected, where it has any.
    tower_inputs : bool
        False: the head never sees the towers.
    weights : LossWeights
        Without a writing term the output's own weights take no part, and are frozen where they are not the embeddings.
    """

    accepts_loss_kwargs = True  # the trainer passes `num_items_in_batch`

    def __init__(self, language_model: PreTrainedModel, tower_inputs: bool, weights: LossWeights) -> None:
        super().__init__()
        self.language_model = language_model
        self.head = Head(language_model.config.hidden_size)
        self.weights = weights
        if not tower_inputs:
            self.head.tower.weight.requires_grad_(False).zero_()
        output, embeddings = language_model.get_output_embeddings(), language_model.get_input_embeddings()
        if not weights.writing and output.weight is not embeddings.weight:
            output.weight.requires_grad_(False)
        self.register_state_dict_post_hook(_drop_untrained)
        self.register_load_state_dict_post_hook(_miss_untrained)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, position_ids: Tensor, labels: Tensor, prompt_ends: Tensor,
        ends: Tensor, features: Tensor, targets: Tensor, weights: Tensor,
        num_items_in_batch: Tensor | int | None = None,
    ) -> dict[str, Tensor]:  # fmt: skip
        """Read a batch as `rows.collate` makes it.

        Returns
        -------
        dict
            `loss`: float32, shape (); `scores`: float32, shape (N, S), standardised activity where the texts end.
        """
        hidden = self.language_model.base_model(
            input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids, use_cache=False
        ).last_hidden_state
        rows = len(input_ids) * self.weights.processes * (self.weights.accumulate if self.training else 1)
        scores = self._scores(hidden, ends, features)
        loss = (weights * (scores - targets).square()).sum() / rows
        if self.weights.without_trace:
            bare = self._scores(hidden, prompt_ends, features)
            loss = loss + self.weights.without_trace * (weights * (bare - targets).square()).sum() / rows
        if self.weights.writing:
            tokens = torch.as_tensor(num_items_in_batch or 1, device=hidden.device).clamp(min=1)
            loss = loss + self.weights.writing * self.writing_loss(hidden, labels) / tokens
        return {"loss": loss, "scores": scores}

    def _scores(self, hidden: Tensor, ends: Tensor, features: Tensor) -> Tensor:
        read = hidden.gather(1, ends[:, :, None].expand(-1, -1, hidden.shape[2]))
        with torch.autocast(hidden.device.type, enabled=False):
            scores: Tensor = self.head(read.float(), features)
        return scores

    def writing_loss(self, hidden: Tensor, labels: Tensor) -> Tensor:
        """Sum of the cross-entropy over supervised tokens: float32, shape ()."""
        supervised = labels[:, 1:] != IGNORED
        logits = self.language_model.get_output_embeddings()(hidden[:, :-1][supervised]).float()
        return nn.functional.cross_entropy(logits, labels[:, 1:][supervised], reduction="sum")


def _trained(model: nn.Module) -> set[str]:
    return {name for name, weight in model.named_parameters() if weight.requires_grad}


def _drop_untrained(model: nn.Module, state: dict[str, Tensor], prefix: str, metadata: Any) -> None:
    kept = {prefix + name for name in _trained(model)}
    for name in [name for name in state if name.startswith(prefix) and name not in kept]:
        del state[name]


def _miss_untrained(model: nn.Module, keys: Any) -> None:
    """What is not trained is as it was: only a trained weight can be missing."""
    keys.missing_keys[:] = [name for name in keys.missing_keys if name in _trained(model)]
