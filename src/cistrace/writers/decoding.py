"""Greedy decoding in a form, along drafts: what is written is what decoding token by token writes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cistrace.writers.batches import padded
from cistrace.writers.draft import Draft, Tokens
from cistrace.writers.form import OPEN, Form, Standing
from cistrace.writers.grammar import FORBIDDEN
from cistrace.writers.reading import Reading
from cistrace.writers.reasoner import OnWritten
from cistrace.writers.token_draws import TokenDraws

MOST_TOKENS = 260  # more than seven of the longest steps; without the grammar a text may never end
BOLDNESS = 4  # tokens that a draft may propose for each one that was right the last time


@dataclass(frozen=True, eq=False)
class Decoded:
    """What was written behind N prompts.

    Attributes
    ----------
    texts : list of N token sequences
        To the end token, or as far as texts may grow.
    scored : float tensor, shape (N, hidden)
        Hidden states at the token to be scored; at the prompt's last where that was not written.
    """

    texts: list[Tokens]
    scored: Tensor


def decode(
    reading: Reading, last: Tensor, form: Form, output: Tensor, scored_token: int, drafts: list[Draft],
    on_written: OnWritten | None = None, seeds: list[int] | None = None,
) -> Decoded:  # fmt: skip
    """Write the likeliest token that may stand next, or with seeds one that is drawn, to the end of every text.

    A round chooses a token and reads it together with what the draft has behind it. Of that it keeps what the model
    chooses itself, up to the first token that it does not.

    Parameters
    ----------
    reading : of N prompts
    last : float tensor, shape (N, hidden)
        Hidden states at the prompts' last tokens.
    output : float tensor, shape (vocabulary, hidden)
        Weights of the language model's output layer.
    scored_token : int
        The token at which a text is scored.
    drafts : list of N
    on_written : callable, optional
        Called after every round in which texts were finished, with how many.
    seeds : list of N int, optional
        Of draws: see `token_draws`.
    """
    texts: list[Tokens] = [()] * len(drafts)
    room = [MOST_TOKENS] * len(drafts)
    scored = last.clone()
    standing, rows = form.start(len(drafts)), torch.arange(len(drafts), device=last.device)
    while len(rows):
        numbers = rows.tolist()
        drawn = None if seeds is None else [(seeds[row], len(texts[row])) for row in numbers]
        chosen = form.choose(standing, last, output, _draws(drawn))
        drafted = [
            drafts[row].behind((*texts[row], token))[: room[row]] for row, token in zip(numbers, chosen.tolist())
        ]
        proposed, places = form.walk(form.after(standing, chosen), padded(drafted, OPEN, left=False)[0].to(last.device))
        tokens = torch.cat([chosen[:, None], proposed], dim=1)
        hidden, kept = _verify(reading, form, output, tokens, places, drawn)
        for row, line, count in zip(numbers, tokens.tolist(), kept.tolist()):
            texts[row] = (*texts[row], *line[:count])[:MOST_TOKENS]
            room[row] = min(BOLDNESS * count, MOST_TOKENS - len(texts[row]))
        _take_scored(scored, rows, hidden, tokens == scored_token, kept)
        standing = places[torch.arange(len(rows), device=last.device), kept - 1]
        full = torch.tensor([len(texts[row]) == MOST_TOKENS for row in numbers], device=last.device)
        goes_on = (~full & (standing.state != form.finished)).nonzero().flatten()
        if on_written is not None and len(goes_on) < len(rows):
            on_written(len(rows) - len(goes_on))
        if len(goes_on):
            reading.keep(goes_on, hidden.shape[1], kept[goes_on])
        last, standing, rows = hidden[goes_on, kept[goes_on] - 1], standing[goes_on], rows[goes_on]
    return Decoded(texts, scored)


def _draws(keys: list[tuple[int, int]] | None) -> TokenDraws | None:
    return None if keys is None else TokenDraws([seed for seed, _ in keys], [written for _, written in keys])


def _verify(
    reading: Reading, form: Form, output: Tensor, tokens: Tensor, places: Standing, drawn: list[tuple[int, int]] | None
) -> tuple[Tensor, Tensor]:
    """Read tokens (N, T), of which the first is chosen, and say how many the model chooses.

    Parameters
    ----------
    places : Standing of shape (N, T)
        Behind each token.
    drawn : list of N (seed, tokens written), or None
        Of draws.

    Returns
    -------
    hidden : float tensor, shape (N, read, hidden)
        What stands behind the last choice is not read.
    kept : int64 tensor, shape (N,)
    """
    chosen = form.forced(places)
    is_choice = (chosen == OPEN) & (places.state != FORBIDDEN)
    column = torch.arange(tokens.shape[1], device=tokens.device)
    length = (is_choice * (column + 1)).amax(dim=1)
    width = int(length.max())
    hidden = reading.read(tokens[:, :width], column[:width] < length[:, None])
    keys = None
    if drawn is not None:
        keys = [(drawn[row][0], drawn[row][1] + 1 + at) for row, at in is_choice.nonzero().tolist()]
    chosen[is_choice] = form.choose(places[is_choice], hidden[is_choice[:, :width]], output, _draws(keys))
    kept = 1 + (chosen[:, :-1] == tokens[:, 1:]).cumprod(dim=1).sum(dim=1)
    return hidden, kept


def _take_scored(scored: Tensor, rows: Tensor, hidden: Tensor, found: Tensor, kept: Tensor) -> None:
    """Where the scored token was `found` (N, T) among those kept, the last one's hidden state is the row's."""
    column = torch.arange(1, hidden.shape[1] + 1, device=hidden.device)
    place = found[:, : len(column)] & (column <= kept[:, None])
    at = place.any(dim=1).nonzero().flatten()
    if len(at):
        scored[rows[at]] = hidden[at, (place[at] * column).amax(dim=1) - 1]
