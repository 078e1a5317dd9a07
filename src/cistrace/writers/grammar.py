"""The form of a trace as a finite automaton over tokens, for grammar-constrained decoding.

It fixes the shape alone: numbered steps, the words of each kind of claim, fields that hold a value of
their type, 5-7 steps, then the level. It is built from the vocabulary and knows nothing of any card:
every TF, position, number and direction is the model's own choice among all that the type admits. One
rule looks back, at the model's own text: no motif opens two steps, and no other kind is used twice.
Members of a list rise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from cistrace.traces.templates import FEWEST_STEPS, MOST_STEPS, STEPS, THINK_END
from cistrace.traces.trace import ClaimKind
from cistrace.writers.tokenizer import END
from cistrace.writers.vocabulary import LEVELS, NUMBERS, Slot, VocabularyNames, slots

FORBIDDEN = -1


@dataclass(frozen=True, eq=False)
class TraceGrammar:
    """Transition table and the groups of step openings.

    Attributes
    ----------
    following : int16 tensor, shape (states, vocabulary)
        State after a token, or -1 where the token may not stand.
    opening : int16 tensor, shape (vocabulary,)
        Group of a token that opens a step (one per motif, one per other kind), else -1.
    opens : bool tensor, shape (states,)
        Whether a step opens in the state.
    scored : int
        State reached by the end of reasoning: there the head scores.
    finished : int
        State after the last token.
    groups : int
        Number of opening groups.
    """

    following: Tensor
    opening: Tensor
    opens: Tensor
    scored: int
    finished: int
    groups: int

    def to(self, device: torch.device) -> TraceGrammar:
        """The same with its tables on a device."""
        return replace(
            self, following=self.following.to(device), opening=self.opening.to(device), opens=self.opens.to(device)
        )


class _Builder:
    """Collects transitions while the automaton grows."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self.ids = tokenizer.get_vocab()
        self.rows: list[dict[int, int]] = []

    def state(self) -> int:
        self.rows.append({})
        return len(self.rows) - 1

    def allow(self, state: int, pieces: tuple[str, ...], after: int) -> None:
        self.rows[state].update(dict.fromkeys((self.ids[piece] for piece in pieces), after))

    def chain(self, state: int, line: tuple[Slot, ...], after: int) -> None:
        """From `state` through every slot of a line to `after`."""
        states = [state]
        for position, slot in enumerate(line):
            if slot.more:
                states = self.rising(states, slot)
                continue
            target = after if position == len(line) - 1 else self.state()
            for state in states:
                self.allow(state, slot.pieces, target)
            states = [target]

    def rising(self, states: list[int], slot: Slot) -> list[int]:
        """A list whose members rise, as tags list them: it ends, and holds nothing twice."""
        targets = [self.state() for _ in slot.pieces]
        for at, (piece, target) in enumerate(zip(slot.pieces, targets, strict=True)):
            for state in states:
                self.allow(state, (piece,), target)
            for more, later in zip(slot.more[at + 1 :], targets[at + 1 :], strict=True):
                self.allow(target, (more,), later)
        return targets


def build_grammar(tokenizer: PreTrainedTokenizerFast, names: VocabularyNames) -> TraceGrammar:
    """The automaton of traces over a tokenizer's vocabulary; state 0 is the start."""
    builder = _Builder(tokenizer)
    entries = [builder.state() for _ in range(MOST_STEPS + 1)]
    scored, level, finished = builder.state(), builder.state(), builder.state()
    lines = {kind: slots(template, names) for kind, template in STEPS.items()}
    opens = []
    for step, entry in enumerate(entries):
        if step >= FEWEST_STEPS:
            builder.allow(entry, (THINK_END,), scored)
        if step < MOST_STEPS:
            choice = builder.state()
            opens.append(choice)
            builder.allow(entry, (NUMBERS[step],), choice)
            for line in lines.values():
                builder.chain(choice, line, entries[step + 1])
    builder.allow(scored, LEVELS, level)
    builder.allow(level, (END,), finished)
    builder.allow(finished, (tokenizer.pad_token,), finished)
    return _table(builder, tokenizer, lines, opens, scored, finished)


def _table(
    builder: _Builder,
    tokenizer: PreTrainedTokenizerFast,
    lines: dict[ClaimKind, tuple[Slot, ...]],
    opens: list[int],
    scored: int,
    finished: int,
) -> TraceGrammar:
    following = np.full((len(builder.rows), len(tokenizer)), FORBIDDEN, dtype=np.int16)
    for state, row in enumerate(builder.rows):
        following[state, list(row)] = list(row.values())
    opening = np.full(len(tokenizer), FORBIDDEN, dtype=np.int64)
    groups = 0
    for kind, line in lines.items():
        ids = [builder.ids[piece] for piece in line[0].pieces]
        apart = len(ids) if kind == "motif" else 1
        opening[ids] = groups + np.arange(len(ids)) % apart
        groups += apart
    opens_at = torch.zeros(len(builder.rows), dtype=torch.bool)
    opens_at[opens] = True
    return TraceGrammar(torch.from_numpy(following), torch.from_numpy(opening), opens_at, scored, finished, groups)


def accepts(grammar: TraceGrammar, tokens: list[int]) -> bool:
    """Whether a whole trace, from its first token to its end, has the form."""
    state, used = 0, set()
    for token in tokens:
        if bool(grammar.opens[state]):
            group = int(grammar.opening[token])
            if group in used:
                return False
            used.add(group)
        state = int(grammar.following[state, token])
        if state == FORBIDDEN:
            return False
    return state == grammar.finished
