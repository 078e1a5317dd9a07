"""What may stand next in texts that are being written, for a batch of texts and any number of places in each.

All that decoding asks of the grammar is asked here: token by token and along a draft it is the same `Form`. A rule
that looks back at what a text has written keeps what it needs in `Standing`, one value a text, and is told in
`Form.after` how a token changes it; a token that such a rule computes is told in `Form.forced`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from tokenizers import Tokenizer
from torch import Tensor

from cistrace.writers.calculator import Tally, no_calculator
from cistrace.writers.grammar import FORBIDDEN, TraceGrammar
from cistrace.writers.token_draws import TokenDraws
from cistrace.writers.tokenizer import END, PAD, id_of

OPEN = -1  # where more than one token may stand


@dataclass(frozen=True, eq=False)
class Standing:
    """Where texts stand in a form. The tensors have one leading shape: (texts,), or (texts, places).

    Attributes
    ----------
    state : int64 tensor, shape (...)
        State of the grammar, or -1 behind a token that may not stand.
    used : bool tensor, shape (..., groups + 1)
        Groups that have opened a step. The last column stands for no group and stays False.
    tally : Tally of that shape
        What the amounts of the text have come to.
    """

    state: Tensor
    used: Tensor
    tally: Tally

    def __getitem__(self, index: Tensor | tuple[Tensor, ...]) -> Standing:
        return Standing(self.state[index], self.used[index], self.tally[index])

    @staticmethod
    def stack(places: list[Standing]) -> Standing:
        """Standings (texts,) at neighbouring places as one (texts, places)."""
        return Standing(
            torch.stack([place.state for place in places], dim=1),
            torch.stack([place.used for place in places], dim=1),
            Tally.stack([place.tally for place in places]),
        )


class Form:
    """A grammar made ready for decoding on a device.

    States that admit the same tokens share a set of them, so that logits are computed of these tokens alone.
    """

    def __init__(self, grammar: TraceGrammar, device: torch.device) -> None:
        sets, set_of = (grammar.following != FORBIDDEN).unique(dim=0, return_inverse=True)
        members = [allowed.nonzero().flatten() for allowed in sets]
        single = torch.tensor([int(tokens[0]) if len(tokens) == 1 else OPEN for tokens in members])
        self._grammar = grammar.to(device)
        self._set_of = set_of.to(device)
        self._members = [tokens.to(device) for tokens in members]
        self._single = single[set_of].to(device)

    @property
    def finished(self) -> int:
        """State behind the last token."""
        return self._grammar.finished

    def start(self, texts: int) -> Standing:
        """Texts of which nothing is written."""
        state = torch.zeros(texts, dtype=torch.long, device=self._set_of.device)
        used = state.new_zeros((texts, self._grammar.groups + 1), dtype=torch.bool)
        return Standing(state, used, self._grammar.calculator.start(texts))

    def forced(self, standing: Standing) -> Tensor:
        """The one token (...) that may stand next, or -1 where there are several, or none: also of a sum's."""
        state = standing.state.clamp_min(0)
        completed = self._grammar.calculator.completed(standing.tally, state)
        return torch.where(completed < 0, self._single[state], completed).masked_fill(standing.state < 0, OPEN)

    def after(self, standing: Standing, token: Tensor) -> Standing:
        """Where texts (N,) stand behind one more token (N,) each."""
        state = standing.state.clamp_min(0)
        opens = self._grammar.opens[state]
        group = self._grammar.opening[token].masked_fill(~opens, FORBIDDEN)
        column = group.remainder(standing.used.shape[1])[:, None]
        following = self._grammar.following[state, token].long()
        repeated = standing.used.gather(1, column).squeeze(1)
        return Standing(
            following.masked_fill((standing.state < 0) | repeated, FORBIDDEN),
            standing.used.scatter(1, column, (group >= 0)[:, None]),
            self._grammar.calculator.after(standing.tally, state, token),
        )

    def walk(self, standing: Standing, draft: Tensor) -> tuple[Tensor, Standing]:
        """Follow a draft (N, L) from where texts (N,) stand.

        Where one token alone may stand it is taken, whatever the draft has there, and also behind the draft's end. So
        a walk ends where there is a choice, or at the end of the text.

        Returns
        -------
        tokens : int64 tensor, shape (N, T)
        places : Standing of shape (N, T + 1)
            Before, between and behind the tokens.
        """
        tokens: list[Tensor] = []
        places = [standing]
        nothing = torch.full_like(standing.state, OPEN)
        while True:
            forced = self.forced(places[-1])
            bound = (forced != OPEN) & (places[-1].state != self.finished)
            drafted = draft[:, len(tokens)] if len(tokens) < draft.shape[1] else nothing
            if not bool((bound | (drafted != OPEN)).any()):
                break
            token = torch.where(forced == OPEN, drafted, forced)
            behind = self.after(places[-1], token.clamp_min(0))
            places.append(replace(behind, state=behind.state.masked_fill(token < 0, FORBIDDEN)))
            tokens.append(token.clamp_min(0))
        return torch.stack(tokens, dim=1) if tokens else draft[:, :0], Standing.stack(places)

    def choose(self, standing: Standing, hidden: Tensor, output: Tensor, draws: TokenDraws | None = None) -> Tensor:
        """The likeliest token (N,) that may stand next, or one that is drawn.

        Parameters
        ----------
        standing : of N texts
        hidden : float tensor, shape (N, hidden)
            The language model's last hidden states.
        output : float tensor, shape (vocabulary, hidden)
            Weights of its output layer.
        draws : TokenDraws, optional
            Of these N texts.
        """
        chosen = self.forced(standing)
        sets = self._set_of[standing.state.clamp_min(0)].masked_fill((chosen != OPEN) | (standing.state < 0), -1)
        for number in sets.unique().tolist():
            if number < 0:
                continue
            at, members = (sets == number).nonzero().flatten(), self._members[number]
            logits = hidden[at] @ output[members].T
            if draws is not None:
                logits = draws.perturbed(at, logits)
            opens = self._grammar.opens[standing.state[at]]
            repeated = standing.used[at][:, self._grammar.opening[members]]
            best = logits.masked_fill(repeated & opens[:, None], -torch.inf).argmax(dim=1)
            chosen[at] = members[best]
        return chosen


def free_grammar(tokenizer: Tokenizer) -> TraceGrammar:
    """Anything may stand anywhere; the end token ends."""
    size = tokenizer.get_vocab_size()
    following = torch.zeros((2, size), dtype=torch.int16)
    following[0, id_of(tokenizer, END)] = 1
    following[1] = FORBIDDEN
    following[1, id_of(tokenizer, PAD)] = 1
    opening = torch.full((size,), FORBIDDEN, dtype=torch.long)
    opens, idle = torch.zeros(2, dtype=torch.bool), no_calculator(2, size)
    return TraceGrammar(following, opening, opens, idle, scored=0, finished=1, groups=0)
