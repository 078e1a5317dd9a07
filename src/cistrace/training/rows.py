"""Examples as rows of tokens, and rows as batches; the same for both stages and every tokenizer.

Domain layout: the cell types of one sequence lie in one row behind the prompt they share,

    [shared][own 1, reasoning 1, conclusion 1][own 2, reasoning 2, conclusion 2]...

every segment sees the shared part and itself, and its positions go on from the shared part's end, so that each cell
type reads exactly what it would read alone, at two thirds of the tokens. Chat layout: one example a row.

All rows lie behind one another in a few arrays, at 7 bytes a token.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cistrace.errors import DataError
from cistrace.training.examples import Example
from cistrace.training.truncation import fitted
from cistrace.writers.layout import Layout

PADDING = -1  # segment of what fills up a row
IGNORED = -100  # label of what is not supervised


@dataclass(frozen=True)
class ExampleText:
    """What is to be read and written of one example.

    Attributes
    ----------
    reasoning : str or None
        What the model reads of a trace, up to the end of its reasoning; None scores the prompt alone.
    conclusion : str or None
        What follows the end of reasoning; None ends the text there.
    supervise_steps, supervise_conclusion : bool
        Tokens that the writing loss sees.
    supervise_sums : bool
        Whether those of the steps are seen that are completed for the model too (`Layout.own_words`).
    scored : bool
        Whether there is anything to regress.
    """

    example: Example
    reasoning: str | None
    conclusion: str | None
    supervise_steps: bool
    supervise_conclusion: bool
    scored: bool
    supervise_sums: bool = True


@dataclass(frozen=True, eq=False)
class TokenRow:
    """One row of T tokens, in one or more segments, S of them scored.

    Attributes
    ----------
    ids : ndarray, int32, shape (T,)
    segments : ndarray, int16, shape (T,)
        0 for the shared part, then 1, 2, ...
    supervised : ndarray, bool, shape (T,)
        Tokens that the writing loss sees.
    prompt_ends, ends : ndarray, int32, shape (S,)
        The tokens on which the head scores without and with the reasoning; the same where none is read.
    features : ndarray, float32, shape (S, 2)
        The towers' outputs.
    targets : ndarray, float32, shape (S,)
        Standardised activity.
    """

    ids: NDArray[np.int32]
    segments: NDArray[np.int16]
    supervised: NDArray[np.bool_]
    prompt_ends: NDArray[np.int32]
    ends: NDArray[np.int32]
    features: NDArray[np.float32]
    targets: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TokenRows:
    """R rows with T tokens and S scored segments in all, and what it took to fit them.

    A map-style data set of `TokenRow`, as torch's loaders want one.

    Attributes
    ----------
    starts, scored_starts : ndarray, int64, shape (R + 1,)
        Where every row begins among the tokens and among the scored segments.
    levels : ndarray, int8, shape (R,)
        Mean observed level of a row's segments, rounded.
    places : ndarray, int64, shape (S,)
        Of every scored segment, in order, its place in the texts.
    shortened, left_out : int
        Texts whose sequence lost its middle, and texts too long even without it.

    The other arrays are those of `TokenRow`, behind one another.
    """

    ids: NDArray[np.int32]
    segments: NDArray[np.int16]
    supervised: NDArray[np.bool_]
    starts: NDArray[np.int64]
    prompt_ends: NDArray[np.int32]
    ends: NDArray[np.int32]
    features: NDArray[np.float32]
    targets: NDArray[np.float32]
    scored_starts: NDArray[np.int64]
    levels: NDArray[np.int8]
    places: NDArray[np.int64]
    shortened: int
    left_out: int

    def __len__(self) -> int:
        return len(self.levels)

    def __getitem__(self, row: int) -> TokenRow:
        if not 0 <= row < len(self):
            raise IndexError(row)
        tokens = slice(self.starts[row], self.starts[row + 1])
        scored = slice(self.scored_starts[row], self.scored_starts[row + 1])
        return TokenRow(
            self.ids[tokens], self.segments[tokens], self.supervised[tokens], self.prompt_ends[scored],
            self.ends[scored], self.features[scored], self.targets[scored],
        )  # fmt: skip

    def __iter__(self) -> Iterator[TokenRow]:
        return map(self.__getitem__, range(len(self)))

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of every row: int64, shape (R,)."""
        return np.diff(self.starts)


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
    growing = _Growing()
    keys = [text.example.row if together else at for at, text in enumerate(texts)]
    for _, group in groupby(range(len(texts)), key=keys.__getitem__):
        levels: list[int] = []
        for at in group:
            ends = _ends(layout, texts[at])
            fit = fitted(layout, texts[at].example.prompt, cutoff - sum(map(len, ends)))
            if fit is None:
                growing.left_out += 1
                continue
            growing.shortened += fit.shortened
            own = layout.own_words(ends[0]) if not texts[at].supervise_sums else [True] * len(ends[0])
            growing.add(at, layout.prompt_ids(fit.prompt), ends, own, texts[at], first=not levels)
            levels.append(texts[at].example.level)
        if levels:
            growing.end_row(round(sum(levels) / len(levels)))
    if not growing.levels:
        raise DataError(f"examples: none of {len(texts)} fits into {cutoff} tokens; expected a larger cutoff")
    return growing.rows()


def _ends(layout: Layout, text: ExampleText) -> tuple[list[int], list[int]]:
    reasoning = [] if text.reasoning is None else layout.reasoning_ids(text.reasoning)
    return reasoning, [] if text.conclusion is None else layout.ending_ids(text.conclusion)


class _Growing:
    """Arrays that grow by segments and rows."""

    def __init__(self) -> None:
        self.ids, self.segments, self.supervised = array("i"), array("h"), bytearray()
        self.prompt_ends, self.ends, self.features, self.targets = array("i"), array("i"), array("f"), array("f")
        self.starts, self.scored_starts = array("q", [0]), array("q", [0])
        self.levels, self.places = array("b"), array("q")
        self.shortened = self.left_out = 0

    def add(
        self, place: int, prompt: tuple[list[int], list[int]], ends: tuple[list[int], list[int]], own_words: list[bool],
        text: ExampleText, first: bool,
    ) -> None:  # fmt: skip
        """One more segment at the last row's end; the first one brings the shared part along."""
        (shared, own), (reasoning, conclusion) = prompt, ends
        if first:
            self._append(shared, 0, [False] * len(shared))
        segment = 1 if first else self.segments[-1] + 1
        self._append(own, segment, [False] * len(own))
        prompt_end = len(self.ids) - 1 - self.starts[-1]
        self._append(reasoning, segment, own_words if text.supervise_steps else [False] * len(reasoning))
        end = len(self.ids) - 1 - self.starts[-1]
        self._append(conclusion, segment, [text.supervise_conclusion] * len(conclusion))
        if text.scored:
            self.prompt_ends.append(prompt_end)
            self.ends.append(end)
            self.features.extend(text.example.features)
            self.targets.append(text.example.target)
            self.places.append(place)

    def _append(self, ids: list[int], segment: int, supervised: list[bool]) -> None:
        self.ids.extend(ids)
        self.segments.extend([segment] * len(ids))
        self.supervised.extend(supervised)

    def end_row(self, level: int) -> None:
        self.starts.append(len(self.ids))
        self.scored_starts.append(len(self.targets))
        self.levels.append(level)

    def rows(self) -> TokenRows:
        return TokenRows(
            np.array(self.ids, np.int32), np.array(self.segments, np.int16), np.array(self.supervised, np.bool_),
            np.array(self.starts, np.int64), np.array(self.prompt_ends, np.int32), np.array(self.ends, np.int32),
            np.array(self.features, np.float32).reshape(-1, 2), np.array(self.targets, np.float32),
            np.array(self.scored_starts, np.int64), np.array(self.levels, np.int8), np.array(self.places, np.int64),
            self.shortened, self.left_out,
        )  # fmt: skip


def collate(rows: Sequence[TokenRow], pad: int) -> dict[str, Tensor]:
    """Right-padded batch of N rows, the longest of L tokens, with up to S scored segments.

    Returns
    -------
    dict
        input_ids, position_ids, labels: int64 (N, L); attention_mask: int64 (N, L), or bool (N, 1, L, L) where rows
        hold several segments; prompt_ends, ends: int64 (N, S), columns; features: float32 (N, S, 2); targets:
        float32 (N, S); weights: float32 (N, S), one over the scored segments of the row, 0 where it has fewer than S.
    """
    segments = _padded([row.segments for row in rows], PADDING)
    return {
        "input_ids": _padded([row.ids for row in rows], pad),
        "attention_mask": _mask(segments),
        "position_ids": _padded([_positions(row.segments) for row in rows], 0),
        "labels": _padded([np.where(row.supervised, row.ids, IGNORED) for row in rows], IGNORED),
        "prompt_ends": _padded([row.prompt_ends for row in rows], 0),
        "ends": _padded([row.ends for row in rows], 0),
        "features": _padded([row.features for row in rows], 0, torch.float32),
        "targets": _padded([row.targets for row in rows], 0, torch.float32),
        "weights": _padded([np.full(len(row.targets), 1 / max(1, len(row.targets))) for row in rows], 0, torch.float32),
    }


def writing_batch(rows: Sequence[TokenRow], pad: int) -> dict[str, Tensor]:
    """A batch for the writing alone, as causal language models of transformers take it.

    The output layer is applied where some row's next token is supervised (`logits_to_keep`), and `shift_labels` are the
    tokens that follow there: both int64, (K,) and (N, K).
    """
    batch = collate(rows, pad)
    following = torch.nn.functional.pad(batch["labels"], (0, 1), value=IGNORED)[:, 1:]
    kept = (following != IGNORED).any(dim=0).nonzero().flatten()
    wanted = following[:, kept]
    read = {name: batch[name] for name in ("input_ids", "attention_mask", "position_ids")}
    return {**read, "logits_to_keep": kept, "labels": wanted, "shift_labels": wanted}


@dataclass(frozen=True, eq=False)
class Collator:
    """Rows to a batch, by `collate` or `writing_batch`."""

    batch: Callable[[Sequence[TokenRow], int], dict[str, Tensor]]
    pad: int

    def __call__(self, rows: Sequence[TokenRow]) -> dict[str, Tensor]:
        return self.batch(rows, self.pad)


def _padded(values: Sequence[NDArray[np.generic]], filler: int, dtype: torch.dtype = torch.int64) -> Tensor:
    shape = (len(values), max(map(len, values)), *values[0].shape[1:])
    whole = torch.full(shape, filler, dtype=dtype)
    for at, value in enumerate(values):
        whole[at, : len(value)] = torch.from_numpy(np.ascontiguousarray(value))
    return whole


def _positions(segments: NDArray[np.int16]) -> NDArray[np.int64]:
    """Of every token: every segment goes on from the shared part's end."""
    shared = np.searchsorted(segments, 1)
    own = np.arange(len(segments)) - np.searchsorted(segments, segments)  # from the segment's own begin
    return own + np.where(segments > 0, shared, 0)


def _mask(segments: Tensor) -> Tensor:
    if segments.max() == 1:
        return (segments != PADDING).long()
    seen, seeing = segments[:, None, :], segments[:, :, None]
    causal = torch.ones(segments.shape[1:] * 2, dtype=torch.bool).tril()
    return (causal & ((seen == 0) | (seen == seeing)))[:, None]
