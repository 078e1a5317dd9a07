"""The chat teacher: an OpenAI-compatible endpoint writes traces for cards, by the R3LM paper's constrained protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterable
from operator import length_hint

from cistrace.cards.text import render_card
from cistrace.chat.answers import AnswerCache, request_key
from cistrace.chat.asker import Usage
from cistrace.chat.client import ChatClient, Report
from cistrace.chat.limits import Sleep
from cistrace.chat.question import Answer, Messages, Question
from cistrace.chat.settings import ChatSettings
from cistrace.reasonbench.entries import Condition
from cistrace.reasonbench.subjects import Subject
from cistrace.writers.prompts import CHAT_PROMPTS, CHAT_VERSION, OBSERVED_LINE


def messages_for(subject: Subject, condition: Condition) -> Messages:
    """What the teacher is sent about a subject.

    Parameters
    ----------
    condition : Condition
        `none`: the card alone; `level`: the observed level below it.
    """
    text = render_card(subject.card)
    if condition == "level":
        text += f"\n\n{OBSERVED_LINE}{subject.level}"
    return [{"role": "system", "content": CHAT_PROMPTS[condition]}, {"role": "user", "content": text}]


def key_of(messages: Messages, condition: Condition, settings: ChatSettings) -> str:
    """What an answer is kept under: all that shapes it. Where the model is served, and who pays, does not."""
    return request_key(
        {
            "protocol": CHAT_VERSION,
            "condition": condition,
            "model": settings.model,
            "messages": messages,
            "temperature": float(settings.temperature),
            "top_p": float(settings.top_p),
            "max_tokens": settings.max_tokens,
            "seed": settings.seed,
        }
    )


class ChatTeacher:
    """One run: usage, budget and pace go on from one call of `answers` to the next. Parameters: see `ChatClient`."""

    def __init__(
        self, settings: ChatSettings, cache: AnswerCache, report: Report, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._settings = settings
        self._client = ChatClient(settings, cache, report, sleep)

    @property
    def usage(self) -> Usage:
        return self._client.usage

    def answers(
        self, subjects: Iterable[Subject], condition: Condition
    ) -> Generator[tuple[Subject, Answer], None, None]:
        """Every subject with its answer, in the order given, as `ChatClient.answers` has it.

        Parameters
        ----------
        condition : Condition
            See `messages_for`.

        Raises
        ------
        TeacherError
            As `ChatClient.answers`.
        """
        questions = ((subject, self._question(subject, condition)) for subject in subjects)
        return self._client.answers(questions, length_hint(subjects))

    def _question(self, subject: Subject, condition: Condition) -> Question:
        sent = messages_for(subject, condition)
        return Question(key_of(sent, condition, self._settings), sent, self._settings.seed)
