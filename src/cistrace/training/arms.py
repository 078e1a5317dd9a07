"""What each arm of stage II reads of a record."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cistrace.errors import DataError
from cistrace.traces.templates import THINK_END
from cistrace.training.examples import Example
from cistrace.training.recipe import Recipe
from cistrace.training.rows import ExampleText, prompt_for
from cistrace.writers.layout import Layout
from cistrace.writers.prompts import sequence_prompt

GENERATED = ("card+generated", "shuffled")  # arms that read what the model wrote


def reasoning_of(trace: str) -> str:
    """A trace up to the end of its reasoning. One that never ended it counts as none: nothing may be scored there that
    the model did not write."""
    reasoning, ended, _ = trace.partition(THINK_END)
    return reasoning if ended else ""


def answers(records: Sequence[Example]) -> list[ExampleText]:
    """Stage I: the teacher's trace, all of it supervised; of records that have one."""
    return [
        ExampleText(record, reasoning_of(record.trace), record.trace.partition(THINK_END)[2], True, True, False)
        for record in records
        if record.trace
    ]


def texts_to_score(recipe: Recipe, records: Sequence[Example], traces: Sequence[str] | None) -> list[ExampleText]:
    """Stage II: what is read where the head scores, nothing supervised.

    Raises
    ------
    DataError
        The arm's traces are not there.
    """
    arm = recipe.regression.arm
    if arm == "sequence":
        records = [prompt_for(record, sequence_prompt(record.bases, record.cell_type)) for record in records]
    reasonings = reasonings_of(arm, records, traces, recipe.regression.seed)
    return [
        ExampleText(record, reasoning, None, False, False, True)
        for record, reasoning in zip(records, reasonings, strict=True)
    ]


def texts_to_learn(
    recipe: Recipe, layout: Layout, records: Sequence[Example], traces: Sequence[str] | None, pieces: Sequence[Example]
) -> tuple[list[ExampleText], float]:
    """Stage II: what is learnt from, and in what share of the records the steps read are the teacher's.

    With a writing loss, the observed level is supervised behind what was read, and the steps where all of them are the
    teacher's too. Where they are not, the teacher's trace is one more text, for the writing alone, and so are pieces:
    nothing the model got wrong is scored away from it or forgotten.
    """
    plain = texts_to_score(recipe, records, traces)
    if not recipe.regression.writing:
        return plain, 0.0
    same = [bool(text.record.trace) and text.reasoning == reasoning_of(text.record.trace) for text in plain]
    wrote = recipe.regression.arm in GENERATED[:1]
    learnt = [
        ExampleText(text.record, text.reasoning, layout.conclusion(text.record.level), wrote and agrees, True, True)
        if text.reasoning is not None
        else text
        for text, agrees in zip(plain, same, strict=True)
    ]
    missed = {text.record.row for text, agrees in zip(plain, same, strict=True) if not (wrote and agrees)}
    again = [record for record in records if record.row in missed and record.trace]
    told = [
        ExampleText(record, reasoning_of(record.trace), layout.conclusion(record.level), True, True, False)
        for record in (*again, *pieces)
    ]
    return [*learnt, *told], sum(same) / max(1, len(same))


def reasonings_of(arm: str, records: Sequence[Example], traces: Sequence[str] | None, seed: int) -> list[str | None]:
    """The reasoning that an arm reads of every record."""
    if arm in ("sequence", "card"):
        return [None] * len(records)
    if arm == "oracle":
        if not all(record.oracle for record in records):
            raise DataError(
                "arm oracle: found records without a trace written towards the label; expected a data set built with "
                "--condition level --all, or cards.source towers; choose another arm"
            )
        return [reasoning_of(record.oracle) for record in records]
    if traces is None or len(traces) != len(records):
        raise DataError(f"arm {arm}: found no traces for its {len(records)} records; expected those of `generate`")
    own = [reasoning_of(trace) for trace in traces]
    if arm == "card+generated":
        return list(own)
    return [own[other] for other in shuffled(records, seed)]


def shuffled(records: Sequence[Example], seed: int) -> list[int]:
    """For every record another sequence's of the same cell type: one cycle through all, so that none keeps its own.

    A cell type with one sequence alone keeps it.
    """
    result = list(range(len(records)))
    random = np.random.default_rng(seed)
    for cell in sorted({record.cell_type for record in records}):
        cycle = random.permutation([at for at, record in enumerate(records) if record.cell_type == cell]).tolist()
        for at, other in zip(cycle, [*cycle[1:], *cycle[:1]]):
            result[at] = other
    return result
