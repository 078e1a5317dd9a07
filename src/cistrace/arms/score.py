"""Scores of a fitted language model and its head on any examples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from transformers import PreTrainedModel

from cistrace.traces.text import reasoning_of
from cistrace.training.activity import ActivityModel, LossWeights
from cistrace.training.examples import Example
from cistrace.training.rows import ExampleText, collate, rows_of
from cistrace.writers.layout import Layout

TOGETHER = 16  # rows of a pass
CUTOFF = 2048


@torch.inference_mode()
def scores_of(
    model: PreTrainedModel, head: Path, layout: Layout, examples: Sequence[Example], traces: Sequence[str] | None
) -> NDArray[np.float32]:
    """Standardised activity of every example: float32 (N,); NaN where a text is too long.

    Parameters
    ----------
    head : Path
        `head.safetensors` of the second stage.
    traces : N str, or None
        What stands behind each example's text, with the end of reasoning.
    """
    activity = ActivityModel(model, False, LossWeights(0.0, 0.0))
    activity.head.load_state_dict(load_file(head))
    activity.eval()
    behind = [None] * len(examples) if traces is None else [reasoning_of(trace) for trace in traces]
    texts = [ExampleText(one, read, None, False, False, True) for one, read in zip(examples, behind, strict=True)]
    rows = rows_of(layout, texts, CUTOFF, layout.shares_prompts)
    scores = np.full(len(texts), np.nan, dtype=np.float32)
    order = np.argsort(rows.lengths, kind="stable")
    for begin in range(0, len(order), TOGETHER):
        places = order[begin : begin + TOGETHER]
        found = activity(**collate([rows[int(place)] for place in places], layout.pad))["scores"].numpy()
        for place, one in zip(places.tolist(), found, strict=True):
            scored = rows.places[rows.scored_starts[place] : rows.scored_starts[place + 1]]
            scores[scored] = one[: len(scored)]
    return scores
