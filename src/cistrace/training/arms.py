"""What each arm of stage II reads of an example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cistrace.errors import DataError
from cistrace.traces.templates import THINK_END
from cistrace.traces.text import reasoning_of
from cistrace.training.examples import Example
from cistrace.training.recipe import Recipe
from cistrace.training.rows import ExampleText
from cistrace.writers.layout import Layout
from cistrace.writers.prompts import sequence_prompt

WITH_SUMS = 10  # texts of which one supervises its sums
WITHOUT_TRACE = ("sequence", "card")
READS_GENERATED = ("card+generated", "shuffled")  # arms that read what the model wrote


def texts_to_write(examples: Sequence[Example]) -> list[ExampleText]:
    """Stage I: the teacher's trace, of examples that have one.

    Sums that are completed for the model cannot be guessed, and what cannot be guessed drowns what can be learnt: one
    text in ten supervises them, so that the model knows that a number stands there.
    """
    return [
        ExampleText(
            example,
            reasoning_of(example.trace),
            example.trace.partition(THINK_END)[2],
            True,
            True,
            False,
            supervise_sums=at % WITH_SUMS == 0,
        )
        for at, example in enumerate(example for example in examples if example.trace)
    ]


def texts_to_score(recipe: Recipe, examples: Sequence[Example], traces: Sequence[str] | None) -> list[ExampleText]:
    """Stage II: what is read where the head scores, nothing supervised.

    Raises
    ------
    DataError
        The arm's traces are not there.
    """
    arm = recipe.regression.arm
    if arm == "sequence":
        examples = [_of_the_sequence_alone(example) for example in examples]
    return [
        ExampleText(example, reasoning, None, False, False, True)
        for example, reasoning in zip(
            examples, reasonings_of(arm, examples, traces, recipe.regression.seed), strict=True
        )
    ]


def _of_the_sequence_alone(example: Example) -> Example:
    prompt = sequence_prompt(example.bases, example.cell_type)
    return replace(example, shared=prompt.shared, own=prompt.own)


def texts_to_learn(
    recipe: Recipe, layout: Layout, examples: Sequence[Example], traces: Sequence[str] | None, pieces: Sequence[Example]
) -> tuple[list[ExampleText], float]:
    """Stage II: what is learnt from, and in what share of the examples the steps read are the teacher's.

    With a writing loss, the observed level is supervised behind what was read, and the steps where all of them are the
    teacher's too. Where they are not, the teacher's trace is one more text, for the writing alone, and so are pieces:
    nothing the model got wrong is scored away from it or forgotten.
    """
    scored = texts_to_score(recipe, examples, traces)
    if not recipe.regression.writing:
        return scored, 0.0
    same = [bool(text.example.trace) and text.reasoning == reasoning_of(text.example.trace) for text in scored]
    own = recipe.regression.arm == "card+generated"
    learnt = [
        ExampleText(text.example, text.reasoning, layout.conclusion(text.example.level), own and agrees, True, True)
        if text.reasoning is not None
        else text
        for text, agrees in zip(scored, same, strict=True)
    ]
    missed = {text.example.row for text, agrees in zip(scored, same, strict=True) if not (own and agrees)}
    again = [example for example in examples if example.row in missed and example.trace]
    to_write = [
        ExampleText(example, reasoning_of(example.trace), layout.conclusion(example.level), True, True, False)
        for example in (*again, *pieces)
    ]
    return [*learnt, *to_write], sum(same) / max(1, len(same))


def reasonings_of(arm: str, examples: Sequence[Example], traces: Sequence[str] | None, seed: int) -> list[str | None]:
    """The reasoning that an arm reads of every example."""
    if arm in WITHOUT_TRACE:
        return [None] * len(examples)
    if arm == "oracle":
        if not all(example.oracle for example in examples):
            raise DataError(
                "arm oracle: found examples without a trace written towards the label; expected a data set built with "
                "--condition level --all, or cards.evidence towers; choose another arm"
            )
        return [reasoning_of(example.oracle) for example in examples]
    if traces is None or len(traces) != len(examples):
        raise DataError(f"arm {arm}: found no traces for its {len(examples)} examples; expected those of `generate`")
    own = [reasoning_of(trace) for trace in traces]
    if arm == "card+generated":
        return list(own)
    return [own[other] for other in shuffled(examples, seed)]


def shuffled(examples: Sequence[Example], seed: int) -> list[int]:
    """For every example another sequence's of the same cell type: one cycle through all, so that none keeps its own.

    A cell type with one sequence alone keeps it.
    """
    result = list(range(len(examples)))
    random = np.random.default_rng(seed)
    for cell in sorted({example.cell_type for example in examples}):
        cycle = random.permutation([at for at, one in enumerate(examples) if one.cell_type == cell]).tolist()
        for at, other in zip(cycle, [*cycle[1:], *cycle[:1]]):
            result[at] = other
    return result
