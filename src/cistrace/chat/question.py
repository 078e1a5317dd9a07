"""The nouns of teaching: what a teacher is asked about, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

from cistrace.cards.card import Card

Messages = list[dict[str, str]]  # role and content, as the chat protocol has them


@dataclass(frozen=True, slots=True)
class Subject:
    """One sequence in one cell type, to be reasoned about.

    Attributes
    ----------
    row : int
        Place in the table, from 0: with the cell type, the order of the data set.
    activity : float
        As measured, in the table's units.
    level : int
        0-3, observed.
    cuts : three floats
        Cut points between the levels, in the table's units.
    """

    row: int
    id: str
    split: str
    activity: float
    level: int
    cuts: tuple[float, float, float]
    card: Card


@dataclass(frozen=True, slots=True)
class Question:
    """What an endpoint is sent for one subject.

    Attributes
    ----------
    key : str
        What its answer is kept under: all that shapes it (`request_key`).
    seed : int or None
        Of its sampling; None sends none.
    """

    key: str
    messages: Messages
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a teacher wrote, and what it cost.

    Attributes
    ----------
    text : str
        Steps, `</think>`, `Level: n`, as it came; empty where there is none.
    fault : str
        Why there is no text; empty where there is one.
    prompt_tokens, completion_tokens : int
        As the server counted them; 0 offline.
    """

    text: str
    fault: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
