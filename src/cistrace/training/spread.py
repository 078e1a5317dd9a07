"""Generation wherever an engine does it: examples of some sequences at a time go to who has the model open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import ClassVar

from cistrace.engines.cores import use_threads
from cistrace.engines.engine import Engine
from cistrace.engines.stage import Stage
from cistrace.engines.workers import blocks
from cistrace.io.shards import Shard
from cistrace.training.examples import Example
from cistrace.training.generate import TOGETHER, Batch, Writing, identity_of
from cistrace.training.recipe import Recipe
from cistrace.training.run import Run
from cistrace.training.stages import source_for, writing_for

SEQUENCES = 8 * TOGETHER  # whose examples are written together

Placed = tuple[int, Example]
"""An example and its place among all."""


@dataclass(frozen=True, eq=False)
class WritingStage(Stage[list[Placed], tuple[int, str], Writing]):
    """Examples to the traces that a run's stage I model writes for them.

    Attributes
    ----------
    folder : Path
        Of the run.
    recipe : Recipe
    device : str or None
        As `writing_for` has it.
    threads : int or None
        As `use_threads` has it.
    """

    spreads: ClassVar[bool] = True

    folder: Path
    recipe: Recipe
    device: str | None
    threads: int | None

    def open(self) -> Writing:
        use_threads(self.threads)
        return writing_for(self.recipe, Run(self.folder), self.device)

    def identity(self) -> str:
        return identity_of(Run(self.folder).rationale)

    def work(self, task: list[Placed]) -> Iterator[tuple[int, str]]:
        examples = [example for _, example in task]
        for batch in self.opened.write(examples, range(len(examples))):
            yield from ((task[at][0], text) for at, text in batch)


def examples_of_shard(examples: Sequence[Example], shard: Shard) -> list[Example]:
    """Those of a shard's sequences, whose cell types stay together."""
    groups = [list(group) for _, group in groupby(examples, key=lambda one: one.row)]
    return [one for group in shard.stretch(len(groups)).of(groups) for one in group]


def by_engine(stage: WritingStage, engine: Engine) -> Writing:
    """Writing wherever `engine` has the stage work; the cell types of a sequence stay together."""

    def batches(examples: Sequence[Example], wanted: Sequence[int]) -> Iterator[Batch]:
        groups = (list(group) for _, group in groupby(wanted, key=lambda at: examples[at].row))
        several = ([(at, examples[at]) for group in some for at in group] for some in blocks(groups, SEQUENCES))
        for _, written in engine.map(stage, several):
            yield from ([one] for one in written)

    return Writing(source_for(stage.recipe, Run(stage.folder)), batches)
