"""Sums of a trace, done for the model that writes it: from the amounts in its own text alone, never from a card.

Figures are whole hundredths of a log2 unit. A number is two tokens, all but its last digit and that digit; each
state of the grammar has a role, by which what was just written is added up, or what must stand next is known:

    adds     an amount, a composition, a part of a backdrop: added to the running total
    total    what the whole comes to, in the model's own words
    running  completed: the sum so far
    rest     completed: the total less the sum

Where a sum is beyond what two tokens can write, nothing is completed and the model goes on by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor

from cistrace.traces.templates import ADDENDS, FIELD_TYPES, WHOLE
from cistrace.traces.trace import ClaimKind
from cistrace.writers.vocabulary import Slot

Role = Literal["none", "adds", "total", "running", "rest"]
ROLES: tuple[Role, ...] = ("none", "adds", "total", "running", "rest")
_, _ADDS, _TOTAL, _RUNNING, _REST = range(len(ROLES))
STEMS, DIGITS = 200, 10  # +0.0 to +9.9, then -0.0 to -9.9; 0 to 9
FREE = -1
LARGEST = 999  # hundredths


@dataclass(frozen=True, eq=False)
class Calculator:
    """Tables over the S states of a grammar.

    Attributes
    ----------
    role : int64 tensor, shape (S,)
        Place in `ROLES` of the number that is written in a state.
    is_digit : bool tensor, shape (S,)
        Whether the state's token is a number's last digit.
    tokens : int64 tensor, shape (S, 200)
        The tokens that may stand there, by their value: of stems 200, of digits 10.
    values : int64 tensor, shape (vocabulary,)
        Value of a token in that order, whatever state it stands in; 0 of one that is no part of a number.
    """

    role: Tensor
    is_digit: Tensor
    tokens: Tensor
    values: Tensor

    def to(self, device: torch.device) -> Calculator:
        """The same with its tables on a device."""
        return replace(
            self,
            role=self.role.to(device),
            is_digit=self.is_digit.to(device),
            tokens=self.tokens.to(device),
            values=self.values.to(device),
        )

    def start(self, rows: int) -> Tally:
        """Nothing written yet."""
        zeros = torch.zeros((3, rows), dtype=torch.int64, device=self.role.device)
        return Tally(zeros[0], zeros[1], zeros[2])

    def completed(self, tally: Tally, states: Tensor) -> Tensor:
        """The only token, int64 (...), that may stand next in `states` (...); -1 where the model chooses."""
        role, digit = self.role[states], self.is_digit[states]
        wanted = torch.where(role == _REST, tally.total - tally.running, tally.running)
        stem = wanted.abs() // DIGITS + torch.where(wanted < 0, STEMS // 2, 0)
        at = torch.where(digit, wanted.abs() % DIGITS, stem)
        known = ((role == _RUNNING) | (role == _REST)) & (wanted.abs() <= LARGEST)
        return torch.where(known, self.tokens[states, at.clamp(0, STEMS - 1)], FREE)

    def after(self, tally: Tally, states: Tensor, tokens: Tensor) -> Tally:
        """The tally once `tokens` (...) were written in `states` (...)."""
        role, digit, value = self.role[states], self.is_digit[states], self.values[tokens]
        size = tally.stem % (STEMS // 2) * DIGITS + value
        number = torch.where(tally.stem >= STEMS // 2, -size, size)
        return Tally(
            torch.where(digit, tally.stem, value),
            torch.where(digit & (role == _ADDS), tally.running + number, tally.running),
            torch.where(digit & (role == _TOTAL), number, tally.total),
        )


@dataclass(frozen=True, eq=False)
class Tally:
    """What texts have come to: the stem of a number half written, running total, total; int64 of one shape each."""

    stem: Tensor
    running: Tensor
    total: Tensor

    def __getitem__(self, index: Tensor | tuple[Tensor, ...]) -> Tally:
        return Tally(self.stem[index], self.running[index], self.total[index])

    @staticmethod
    def stack(tallies: list[Tally]) -> Tally:
        """Tallies (texts,) at neighbouring places as one (texts, places)."""
        return Tally(
            torch.stack([one.stem for one in tallies], dim=1),
            torch.stack([one.running for one in tallies], dim=1),
            torch.stack([one.total for one in tallies], dim=1),
        )


@dataclass(eq=False)
class Sums:
    """Collects the roles of states while a grammar is built; `ids` are its vocabulary's."""

    ids: Mapping[str, int]
    roles: dict[int, tuple[int, Slot]] = field(default_factory=dict)
    opening: list[Slot] = field(default_factory=list)

    def note(self, state: int, kind: ClaimKind, slot: Slot, opens: bool = False) -> None:
        """A state in which a piece of `slot`, of a step of some kind, stands next.

        Where it `opens` a step, pieces of other kinds may stand there too: the state has no role, and a number that
        begins there is told by its token.
        """
        if FIELD_TYPES.get(slot.field) in ("signed", "amount"):
            if opens:
                self.opening.append(slot)
            else:
                self.roles[state] = (ROLES.index(_role(kind, slot.field)), slot)

    def calculator(self, states: int) -> Calculator:
        """The tables of all states."""
        role = torch.zeros(states, dtype=torch.int64)
        is_digit = torch.zeros(states, dtype=torch.bool)
        tokens = torch.full((states, STEMS), FREE, dtype=torch.int64)
        values = torch.zeros(max(self.ids.values()) + 1, dtype=torch.int64)
        for state, (number, slot) in self.roles.items():
            ids = self._ids(slot)
            role[state], is_digit[state] = number, slot.part == "digit"
            tokens[state, : len(ids)] = ids
        for slot in (*self.opening, *(slot for _, slot in self.roles.values())):
            values[self._ids(slot)] = torch.arange(len(slot.pieces))
        return Calculator(role, is_digit, tokens, values)

    def _ids(self, slot: Slot) -> Tensor:
        return torch.tensor([self.ids[piece] for piece in slot.pieces])


def _role(kind: ClaimKind, name: str) -> Role:
    if name == "running":
        return "running"
    if kind == WHOLE:
        return "rest" if name == "rest" else "total"
    return "adds" if name in ADDENDS.get(kind, ()) else "none"


def no_calculator(states: int, vocabulary: int) -> Calculator:
    """One that completes nothing."""
    nothing = torch.zeros(states, dtype=torch.int64)
    return Calculator(
        nothing, nothing.bool(), torch.full((states, STEMS), FREE), torch.zeros(vocabulary, dtype=torch.int64)
    )
