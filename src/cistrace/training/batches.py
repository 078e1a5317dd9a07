"""Examples as token batches. The cell types of one sequence lie in one row behind the prompt they share.

A row is [shared][own 1, answer 1][own 2, answer 2]...: every segment sees the shared part and itself,
and its positions go on from the shared part's end, so that each cell type reads exactly what it would
read alone, at two thirds of the tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from cistrace.prompts import THINK_END
from cistrace.training.cards import Example

POOL = 50  # batches sorted by length together: little padding, still well mixed
PADDING = -1


@dataclass(frozen=True, eq=False)
class Row:
    """One sequence's tokens in all its cell types.

    Attributes
    ----------
    ids, segments, positions : list of int
        Token, segment (0 shared, then 1, 2, ...) and position of every token.
    answer : list of bool
        Tokens that the writing loss supervises.
    prompt_ends, thought_ends : list of int, one a cell type
        Where the head scores without and with the trace.
    features : list of two floats, one a cell type
    targets : list of float, one a cell type
        Standardised activity.
    """

    ids: list[int]
    segments: list[int]
    positions: list[int]
    answer: list[bool]
    prompt_ends: list[int]
    thought_ends: list[int]
    features: list[tuple[float, float]]
    targets: list[float]


@dataclass(frozen=True, eq=False)
class Batch:
    """Right-padded rows (N, L), and what to learn at M places of them.

    Attributes
    ----------
    ids, positions : int64 tensor, shape (N, L)
    mask : bool tensor, shape (N, 1, L, L)
        Who sees whom.
    answer : bool tensor, shape (N, L)
    prompt_ends, thought_ends : pair of int64 tensors, shape (M,)
        Row and column of the scored tokens.
    features : float32 tensor, shape (M, 2)
    targets : float32 tensor, shape (M,)
    """

    ids: Tensor
    positions: Tensor
    mask: Tensor
    answer: Tensor
    prompt_ends: tuple[Tensor, Tensor]
    thought_ends: tuple[Tensor, Tensor]
    features: Tensor
    targets: Tensor


def rows_of(
    tokenizer: PreTrainedTokenizerFast, examples: list[Example], answers: list[str], all_supervised: list[bool]
) -> list[Row]:
    """Group neighbouring examples of one sequence into rows.

    Parameters
    ----------
    answers : list of str
        Rendered traces, one an example.
    all_supervised : list of bool
        True supervises the whole answer, False only what follows the end of the reasoning.
    """
    end = tokenizer.convert_tokens_to_ids(THINK_END)
    shared = tokenizer([example.shared for example in examples])["input_ids"]
    own = tokenizer([example.own for example in examples])["input_ids"]
    written = tokenizer(answers)["input_ids"]
    rows = []
    for _, group in groupby(range(len(examples)), key=lambda at: examples[at].row):
        members = list(group)
        row = Row([], [], [], [], [], [], [], [])
        _append(row, shared[members[0]], 0, 0, False)
        for segment, at in enumerate(members, 1):
            begin = len(shared[at])
            thought = written[at].index(end) + 1
            answer = [*written[at], tokenizer.eos_token_id]
            _append(row, own[at], segment, begin, False)
            row.prompt_ends.append(len(row.ids) - 1)
            begin += len(own[at])
            _append(row, answer[:thought], segment, begin, all_supervised[at])
            row.thought_ends.append(len(row.ids) - 1)
            _append(row, answer[thought:], segment, begin + thought, True)
            row.features.append(examples[at].features)
            row.targets.append(examples[at].target)
        rows.append(row)
    return rows


def _append(row: Row, ids: list[int], segment: int, position: int, answer: bool) -> None:
    row.ids.extend(ids)
    row.segments.extend([segment] * len(ids))
    row.positions.extend(range(position, position + len(ids)))
    row.answer.extend([answer] * len(ids))


def batches(rows: list[Row], size: int, seed: int, pad: int) -> Iterator[Batch]:
    """One pass over all rows, `size` together, in an order that `seed` fixes."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(rows))
    chunks: list[np.ndarray] = []
    for begin in range(0, len(order), size * POOL):
        pool = order[begin : begin + size * POOL]
        pool = pool[np.argsort([len(rows[at].ids) for at in pool], kind="stable")]
        chunks += [pool[at : at + size] for at in range(0, len(pool), size)]
    for place in random.permutation(len(chunks)):
        yield collate([rows[at] for at in chunks[place]], pad)


def collate(rows: list[Row], pad: int) -> Batch:
    """Pad rows to the longest of them."""
    length = max(len(row.ids) for row in rows)

    def padded(values: list[list[int]], filler: int) -> Tensor:
        return torch.tensor([[*row, *[filler] * (length - len(row))] for row in values])

    segments = padded([row.segments for row in rows], PADDING)
    seen, seeing = segments[:, None, :], segments[:, :, None]
    mask = torch.ones((length, length), dtype=torch.bool).tril() & ((seen == 0) | (seen == seeing))

    def places(columns: list[list[int]]) -> tuple[Tensor, Tensor]:
        pairs = [(at, column) for at, found in enumerate(columns) for column in found]
        rows_at, columns_at = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2).unbind(dim=1)
        return rows_at, columns_at

    return Batch(
        padded([row.ids for row in rows], pad),
        padded([row.positions for row in rows], 0),
        mask[:, None],
        padded([[int(flag) for flag in row.answer] for row in rows], 0).bool(),
        places([row.prompt_ends for row in rows]),
        places([row.thought_ends for row in rows]),
        torch.tensor([pair for row in rows for pair in row.features], dtype=torch.float32).reshape(-1, 2),
        torch.tensor([value for row in rows for value in row.targets], dtype=torch.float32),
    )
