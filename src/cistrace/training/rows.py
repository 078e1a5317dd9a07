"""Training records as rows of tokens, and rows as batches; the same for both stages and every tokenizer.

Domain layout: the cell types of one sequence lie in one row behind the prompt they share,

    [shared][own 1, reasoning 1, conclusion 1][own 2, reasoning 2, conclusion 2]...

every segment sees the shared part and itself, and its positions go on from the shared part's end, so that each cell
type reads exactly what it would read alone, at two thirds of the tokens. Chat layout: one record a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import torch
from datasets import Dataset
from torch import Tensor

from cistrace.errors import DataError
from cistrace.training.examples import Example
from cistrace.training.truncation import fitted
from cistrace.writers.layout import Layout
from cistrace.writers.prompts import Prompt

PLACE = "place"
PADDING = -1  # segment of what fills up a row
IGNORED = -100  # label of what is not supervised


@dataclass(frozen=True)
class ExampleText:
    """What is to be read and written of one record.

    Attributes
    ----------
    reasoning : str or None
        What the model reads as its reasoning; None scores the prompt alone.
    conclusion : str or None
        What follows the end of reasoning; None ends the text there.
    supervise_steps, supervise_conclusion : bool
        Tokens that the writing loss sees.
    scored : bool
        Whether there is anything to regress.
    """

    record: Example
    reasoning: str | None
    conclusion: str | None
    supervise_steps: bool
    supervise_conclusion: bool
    scored: bool


@dataclass(frozen=True, eq=False)
class TokenRow:
    """One row of tokens, in one or more segments.

    Attributes
    ----------
    ids, segments, positions : list of int
        Token, segment (0 shared, then 1, 2, ...) and position of every token.
    supervised : list of bool
        Tokens that the writing loss sees.
    prompt_ends, reasoning_ends : list of int, one a scored segment
        Where the head scores without and with the trace; the latter empty in arms without traces.
    features : list of two floats, targets : list of float, one a scored segment
        The towers' outputs, and the standardised activity.
    level : int
        Mean observed level of the segments, rounded.
    """

    ids: list[int]
    segments: list[int]
    positions: list[int]
    supervised: list[bool]
    prompt_ends: list[int]
    reasoning_ends: list[int]
    features: list[tuple[float, float]]
    targets: list[float]
    level: int


@dataclass(frozen=True, eq=False)
class TokenRows:
    """Rows, and what it took to fit them.

    Attributes
    ----------
    places : list of int
        Of every scored segment, in order, its place in the texts.
    shortened, left_out : int
        Texts whose sequence lost its middle, and texts too long even without it.
    """

    rows: list[TokenRow]
    places: list[int]
    shortened: int
    left_out: int


def rows_of(layout: Layout, texts: Sequence[ExampleText], cutoff: int, together: bool) -> TokenRows:
    """Tokenise texts.

    Parameters
    ----------
    cutoff : int
        Most tokens of one text. See `truncation`.
    together : bool
        Neighbouring texts of one sequence share a row (domain layout).

    Raises
    ------
    DataError
        No text fits.
    """
    rows, places, shortened, left_out = [], [], 0, 0
    keys = [text.record.row if together else at for at, text in enumerate(texts)]
    for _, group in groupby(range(len(texts)), key=keys.__getitem__):
        row, levels = TokenRow([], [], [], [], [], [], [], [], 0), []
        for at in group:
            ends = _ends(layout, texts[at])
            fit = fitted(layout, texts[at].record.prompt, cutoff - sum(map(len, ends)))
            if fit is None:
                left_out += 1
                continue
            shortened += fit.shortened
            _add(row, layout.prompt_ids(fit.prompt), ends, texts[at])
            levels.append(texts[at].record.level)
            places += [at] * texts[at].scored
        if levels:
            rows.append(replace(row, level=round(sum(levels) / len(levels))))
    if not rows:
        raise DataError(f"records: none of {len(texts)} fits into {cutoff} tokens; expected a larger cutoff")
    return TokenRows(rows, places, shortened, left_out)


def _ends(layout: Layout, text: ExampleText) -> tuple[list[int], list[int]]:
    reasoning = [] if text.reasoning is None else layout.reasoning_ids(text.reasoning)
    return reasoning, [] if text.conclusion is None else layout.ending_ids(text.conclusion)


def _add(
    row: TokenRow, prompt: tuple[list[int], list[int]], ends: tuple[list[int], list[int]], text: ExampleText
) -> None:
    """One more segment at the row's end."""
    (shared, own), (reasoning, conclusion) = prompt, ends
    segment = max(row.segments, default=0) + 1
    if not row.ids:
        _append(row, shared, 0, 0, False)
    begin = len(shared)
    _append(row, own, segment, begin, False)
    prompt_end = len(row.ids) - 1
    _append(row, reasoning, segment, begin + len(own), text.supervise_steps)
    reasoning_end = len(row.ids) - 1
    _append(row, conclusion, segment, begin + len(own) + len(reasoning), text.supervise_conclusion)
    if text.scored:
        row.prompt_ends.append(prompt_end)
        row.features.append(text.record.features)
        row.targets.append(text.record.target)
        if text.reasoning is not None:
            row.reasoning_ends.append(reasoning_end)


def _append(row: TokenRow, ids: list[int], segment: int, position: int, supervised: bool) -> None:
    row.ids.extend(ids)
    row.segments.extend([segment] * len(ids))
    row.positions.extend(range(position, position + len(ids)))
    row.supervised.extend([supervised] * len(ids))


def collate(rows: Sequence[TokenRow], pad: int) -> dict[str, Tensor]:
    """Right-padded batch of rows.

    Returns
    -------
    dict
        input_ids, position_ids, labels: int64 (N, L); attention_mask: int64 (N, L), or bool (N, 1, L, L) where rows
        hold several segments; prompt_ends, reasoning_ends: int64 (M, 2), row and column; features: float32 (M, 2);
        targets: float32 (M,); weights: float32 (M,), one over the scored segments of each one's row.
    """
    length = max(len(row.ids) for row in rows)

    def padded(values: list[list[int]], filler: int) -> Tensor:
        return torch.tensor([[*value, *[filler] * (length - len(value))] for value in values])

    labels = [[token if seen else IGNORED for token, seen in zip(row.ids, row.supervised)] for row in rows]
    weights = [1 / len(row.targets) for row in rows for _ in row.targets]
    return {
        "input_ids": padded([row.ids for row in rows], pad),
        "attention_mask": _mask(rows, padded([row.segments for row in rows], PADDING)),
        "position_ids": padded([row.positions for row in rows], 0),
        "labels": padded(labels, IGNORED),
        "prompt_ends": _places([row.prompt_ends for row in rows]),
        "reasoning_ends": _places([row.reasoning_ends for row in rows]),
        "features": torch.tensor([pair for row in rows for pair in row.features]).reshape(-1, 2),
        "targets": torch.tensor([value for row in rows for value in row.targets], dtype=torch.float32),
        "weights": torch.tensor(weights, dtype=torch.float32),
    }


def _mask(rows: Sequence[TokenRow], segments: Tensor) -> Tensor:
    if all(max(row.segments) == 1 for row in rows):
        return (segments != PADDING).long()
    seen, seeing = segments[:, None, :], segments[:, :, None]
    causal = torch.ones(segments.shape[1:] * 2, dtype=torch.bool).tril()
    return (causal & ((seen == 0) | (seen == seeing)))[:, None]


def _places(columns: list[list[int]]) -> Tensor:
    pairs = [(at, column) for at, found in enumerate(columns) for column in found]
    return torch.tensor(pairs, dtype=torch.long).reshape(-1, 2)


def places_of(rows: Sequence[TokenRow], first: int = 0) -> Dataset:
    """A data set, as trainers want one, of places in a list of rows of which `rows` begin at `first`."""
    return Dataset.from_dict({PLACE: list(range(first, first + len(rows)))})


@dataclass(frozen=True, eq=False)
class Collator:
    """Places of `rows` to a batch; `scoring` adds what stage II regresses."""

    rows: Sequence[TokenRow]
    pad: int
    scoring: bool

    def __call__(self, items: Sequence[dict[str, int]]) -> dict[str, Tensor]:
        batch = collate([self.rows[item[PLACE]] for item in items], self.pad)
        if self.scoring:
            return batch
        return {name: batch[name] for name in ("input_ids", "attention_mask", "position_ids", "labels")}


def prompt_for(record: Example, prompt: Prompt) -> Example:
    """The record with another prompt."""
    return replace(record, shared=prompt.shared, own=prompt.own)
