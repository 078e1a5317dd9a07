"""What an endpoint is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

Messages = list[dict[str, str]]  # role and content, as the chat protocol has them


@dataclass(frozen=True, slots=True)
class Question:
    """What an endpoint is sent once.

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
