"""A causal language model with the regression head: what stage II trains."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from cistrace.training.rows import IGNORED
from cistrace.writers.head import Head


@dataclass(frozen=True, eq=False)
class Read:
    """What the model makes of a batch.

    Attributes
    ----------
    reasonings, prompts : float32 tensor, shape (M,)
        Standardised activity where reasonings end (M is 0 in arms without traces) and where prompts end.
    writing : float32 tensor, shape ()
        Sum of the cross-entropy over supervised tokens.
    """

    reasonings: Tensor
    prompts: Tensor
    writing: Tensor


class ActivityModel(nn.Module):
    """Language model and head.

    Parameters
    ----------
    language_model : PreTrainedModel
        With adapters injected, where it has any.
    tower_inputs : bool
        False: the head never sees the towers.
    writing : bool
        False: the output's own weights take no part, and are frozen where they are not the embeddings.
    """

    def __init__(self, language_model: PreTrainedModel, tower_inputs: bool, writing: bool) -> None:
        super().__init__()
        self.language_model = language_model
        self.head = Head(language_model.config.hidden_size)
        self.writing = writing
        if not tower_inputs:
            self.head.tower.weight.requires_grad_(False).zero_()
        output, embeddings = language_model.get_output_embeddings(), language_model.get_input_embeddings()
        if not writing and output.weight is not embeddings.weight:
            output.weight.requires_grad_(False)

    def forward(self, batch: dict[str, Tensor]) -> Read:
        """Read a batch as `rows.collate` makes it."""
        hidden = self.language_model.base_model(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            position_ids=batch["position_ids"],
            use_cache=False,
        ).last_hidden_state
        reasonings, prompts = (hidden[batch[name].unbind(dim=1)] for name in ("reasoning_ends", "prompt_ends"))
        features = batch["features"]
        with torch.autocast(hidden.device.type, enabled=False):
            scored = self.head(reasonings.float(), features[: len(reasonings)]), self.head(prompts.float(), features)
        return Read(*scored, self._writing(hidden, batch["labels"]))

    def _writing(self, hidden: Tensor, labels: Tensor) -> Tensor:
        supervised = labels[:, 1:] != IGNORED
        if not self.writing or not supervised.any():
            return hidden.new_zeros((), dtype=torch.float32)
        logits = self.language_model.get_output_embeddings()(hidden[:, :-1][supervised]).float()
        return nn.functional.cross_entropy(logits, labels[:, 1:][supervised], reduction="sum")

    def weights(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """Of a state, what training changes, tied weights once, ready to be written."""
        learnt = {name for name, weight in self.named_parameters() if weight.requires_grad}
        return {name: state[name].detach().contiguous().cpu() for name in learnt if name in state}
