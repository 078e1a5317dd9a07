"""Who writes the traces: from subjects to judged entries, in order.

`grounded` writes where an engine makes the cards; `chat` asks an endpoint about the subjects that one made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from cistrace.cards.text import render_card
from cistrace.chat.question import Answer
from cistrace.engines.engine import Engine
from cistrace.engines.stage import Stage
from cistrace.engines.workers import blocks
from cistrace.errors import TraceError
from cistrace.motifs.scanner import Scanner
from cistrace.reasonbench.entries import Condition, Entry, TeacherKind
from cistrace.reasonbench.gates import ANSWER, Fault, Judgement, judge
from cistrace.reasonbench.subjects import BLOCK, CardSetting, ElementTask, Subject, scanner, subjects
from cistrace.traces.grounded import write
from cistrace.traces.text import render_trace


@dataclass(frozen=True, slots=True)
class JudgedTrace:
    """A subject's entry before gates compare it with others, and what it cost."""

    entry: Entry
    judgement: Judgement
    answer: Answer


Teacher = Callable[[Iterable[ElementTask]], Iterator[JudgedTrace]]


def judged_trace(subject: Subject, answer: Answer, teacher: TeacherKind) -> JudgedTrace:
    """Judge an answer against the subject's card."""
    if answer.fault:
        judged = Judgement("", (), (), None, 0, (Fault(ANSWER, answer.fault),))
    else:
        judged = judge(answer.text, subject.card)
    entry = Entry(
        row=subject.row,
        id=subject.id,
        cell_type=subject.card.cell_type,
        split=subject.split,
        activity=subject.activity,
        level=subject.level,
        card=render_card(subject.card),
        trace=judged.text,
        stated_level=judged.level,
        kinds=judged.kinds,
        faults=judged.faults,
        written_by=teacher,
    )
    return JudgedTrace(entry, judged, answer)


def grounded_answer(subject: Subject, condition: Condition) -> Answer:
    """What the grounded writer makes of a subject."""
    try:
        trace = write(subject.card, subject.level if condition == "level" else None)
    except TraceError as error:
        return Answer("", str(error))
    return Answer(render_trace(trace))


@dataclass(frozen=True, eq=False)
class GroundedStage(Stage[list[ElementTask], JudgedTrace, Scanner]):
    """Rows to what the grounded writer makes of them, judged."""

    setting: CardSetting
    condition: Condition

    def open(self) -> Scanner:
        return scanner()

    def work(self, task: list[ElementTask]) -> list[JudgedTrace]:
        found = subjects(task, self.setting)
        return [judged_trace(subject, grounded_answer(subject, self.condition), "grounded") for subject in found]


def grounded_teacher(rows: Iterable[ElementTask], stage: GroundedStage, engine: Engine) -> Iterator[JudgedTrace]:
    """The grounded writer, wherever the engine lets it work."""
    for _, judged in engine.map(stage, blocks(rows, BLOCK)):
        yield from judged


def open_grounded(setting: CardSetting, condition: Condition, engine: Engine) -> tuple[Teacher, dict[str, Any]]:
    """The grounded writer, and what the manifest says of it."""
    teach = partial(grounded_teacher, stage=GroundedStage(setting, condition), engine=engine)
    return teach, {"kind": "grounded", "condition": condition}
