"""The chat teacher as builds use it: subjects from an engine, answers from an endpoint or its cache, judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cistrace.chat.answers import AnswerCache
from cistrace.chat.asker import Usage
from cistrace.chat.settings import ChatSettings
from cistrace.engines.engine import Engine
from cistrace.engines.workers import blocks
from cistrace.reasonbench.chat_teacher import ChatTeacher
from cistrace.reasonbench.entries import Condition
from cistrace.reasonbench.subjects import CardSetting, ElementTask, SubjectStage
from cistrace.reasonbench.teachers import JudgedTrace, Teacher, judged_trace
from cistrace.writers.prompts import CHAT_VERSION

TOGETHER = 16  # rows whose cards are made before the first is asked about


@contextmanager
def open_chat(
    setting: CardSetting, condition: Condition, settings: ChatSettings, cache: Path, engine: Engine,
    notify: Callable[[str], None],
) -> Iterator[tuple[Teacher, dict[str, Any]]]:  # fmt: skip
    """A teacher that asks, and what the manifest says of it: all that shapes an answer, nothing of where it came from.

    Parameters
    ----------
    cache : Path
        SQLite file of answers, made where it is not there.
    notify : callable
        Receives a line on what was asked and paid for, also when the run breaks off.
    """
    with AnswerCache(cache) as answers:
        usage = Usage()

        def report(now: Usage) -> None:
            nonlocal usage
            usage = now

        asker = ChatTeacher(settings, answers, report)

        def teach(rows: Iterable[ElementTask]) -> Iterator[JudgedTrace]:
            made = engine.map(SubjectStage(setting), blocks(rows, TOGETHER))
            for subject, answer in asker.answers((subject for _, block in made for subject in block), condition):
                yield judged_trace(subject, answer, "chat")

        try:
            yield teach, _about(settings, condition)
        finally:
            notify(_summary(usage))


def _about(settings: ChatSettings, condition: Condition) -> dict[str, Any]:
    return {
        "kind": "chat",
        "condition": condition,
        "model": settings.model,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "max_tokens": settings.max_tokens,
        "seed": settings.seed,
        "protocol": CHAT_VERSION,
    }


def _summary(usage: Usage) -> str:
    about = ", some of them estimated" if usage.estimated else ""
    return (
        f"chat: {usage.asked:,} asked, {usage.cached:,} from the cache, {usage.retried:,} requests repeated, "
        f"{usage.refused:,} refused; {usage.prompt_tokens:,} tokens read and {usage.completion_tokens:,} written in "
        f"this run{about}"
    )
