"""The form of a trace as a finite automaton over tokens, for grammar-constrained decoding.

It fixes the shape alone: numbered steps, the words of each kind of claim, fields that hold a value of
their type, 5-7 steps of which the last tells the whole, then the level. It is built from the vocabulary and knows
nothing of any card: every TF, position, amount and direction is the model's own choice among all that the type admits.
One rule looks back, at the model's own text: no site is told twice, and no other kind of step. And
sums are done for it: `calculator` completes running totals from the amounts that the text itself tells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from cistrace.traces.templates import FEWEST_STEPS, MOST_STEPS, STEPS, THINK_END, WHOLE
from cistrace.traces.trace import ClaimKind
from cistrace.writers.calculator import Calculator, Sums
from cistrace.writers.tokenizer import END, PAD
from cistrace.writers.vocabulary import LEVELS, NUMBERS, Slot, VocabularyNames, slots

FORBIDDEN = -1
_MANY = "site"  # the kind that may be told more than once, of other numbers


@dataclass(frozen=True, eq=False)
class TraceGrammar:
    """Transition table and the groups of tokens that may stand once.

    Attributes
    ----------
    following : int16 tensor, shape (states, vocabulary)
        State after a token, or -1 where the token may not stand.
    opening : int64 tensor, shape (vocabulary,)
        Group of a token that may stand once in states that `opens`: one per kind, and of sites one per number. Else -1.
    opens : bool tensor, shape (states,)
        Whether a step opens in the state.
    calculator : Calculator
    scored : int
        State reached by the end of reasoning: there the head scores.
    finished : int
        State after the last token.
    groups : int
        Number of groups.
    """

    following: Tensor
    opening: Tensor
    opens: Tensor
    calculator: Calculator
    scored: int
    finished: int
    groups: int

    def to(self, device: torch.device) -> TraceGrammar:
        """The same with its tables on a device."""
        return replace(
            self,
            following=self.following.to(device),
            opening=self.opening.to(device),
            opens=self.opens.to(device),
            calculator=self.calculator.to(device),
        )


class _Builder:
    """Collects transitions while the automaton grows."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.ids = tokenizer.get_vocab()
        self.rows: list[dict[int, int]] = []
        self.opens: list[int] = []
        self.sums = Sums(self.ids)

    def state(self) -> int:
        self.rows.append({})
        return len(self.rows) - 1

    def allow(self, state: int, pieces: tuple[str, ...], after: int) -> None:
        self.rows[state].update(dict.fromkeys((self.ids[piece] for piece in pieces), after))

    def chain(self, state: int, kind: ClaimKind, line: tuple[Slot, ...], after: int) -> None:
        """From `state` through every slot of a line to `after`."""
        for position, slot in enumerate(line):
            target = after if position == len(line) - 1 else self.state()
            self.allow(state, slot.pieces, target)
            self.sums.note(state, kind, slot, opens=position == 0)
            state = target


def build_grammar(tokenizer: Tokenizer, names: VocabularyNames) -> TraceGrammar:
    """The automaton of traces over a tokenizer's vocabulary; state 0 is the start."""
    builder = _Builder(tokenizer)
    entries = [builder.state() for _ in range(MOST_STEPS)]
    told, scored, level, finished = (builder.state() for _ in range(4))
    lines = {kind: slots(template, names) for kind, template in STEPS.items()}
    for step, entry in enumerate(entries):
        choice = builder.state()
        builder.opens.append(choice)
        builder.allow(entry, (NUMBERS[step],), choice)
        for kind, line in lines.items():
            if kind == WHOLE:
                if step >= FEWEST_STEPS - 1:
                    builder.chain(choice, kind, line, told)
            elif step < MOST_STEPS - 1:
                builder.chain(choice, kind, line, entries[step + 1])
    builder.allow(told, (THINK_END,), scored)
    builder.allow(scored, LEVELS, level)
    builder.allow(level, (END,), finished)
    builder.allow(finished, (PAD,), finished)
    return _table(builder, tokenizer, lines, scored, finished)


def _table(
    builder: _Builder, tokenizer: Tokenizer, lines: dict[ClaimKind, tuple[Slot, ...]], scored: int,
    finished: int,
) -> TraceGrammar:  # fmt: skip
    following = np.full((len(builder.rows), tokenizer.get_vocab_size()), FORBIDDEN, dtype=np.int16)
    for state, row in enumerate(builder.rows):
        following[state, list(row)] = list(row.values())
    opening = np.full(tokenizer.get_vocab_size(), FORBIDDEN, dtype=np.int64)
    groups = 0
    for kind, line in lines.items():
        pieces = [builder.ids[piece] for piece in line[0].pieces]
        each = len(pieces) if kind == _MANY else 1
        opening[pieces] = groups + np.arange(len(pieces)) % each
        groups += each
    opens_at = torch.zeros(len(builder.rows), dtype=torch.bool)
    opens_at[builder.opens] = True
    return TraceGrammar(
        torch.from_numpy(following), torch.from_numpy(opening), opens_at, builder.sums.calculator(len(builder.rows)),
        scored, finished, groups,
    )  # fmt: skip


def accepts(grammar: TraceGrammar, tokens: list[int]) -> bool:
    """Whether a whole trace, from its first token to its end, has the form; its sums are not looked at."""
    state, used = 0, set()
    for token in tokens:
        if bool(grammar.opens[state]):
            group = int(grammar.opening[token])
            if group in used:
                return False
            if group != FORBIDDEN:
                used.add(group)
        state = int(grammar.following[state, token])
        if state == FORBIDDEN:
            return False
    return state == grammar.finished
