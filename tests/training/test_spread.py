"""Generation by an engine: what it writes is what one writer writes, and shards of it are the whole."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import ClassVar

import pytest
from training_helpers import examples, tiny_recipe

from cistrace.engines.engine import LocalEngine
from cistrace.io.shards import Shard
from cistrace.training import spread
from cistrace.training.examples import Example
from cistrace.training.generate import Batch, Writing, generate
from cistrace.training.spread import WritingStage, by_engine, examples_of_shard
from cistrace.training.trace_file import TraceSource

SOURCE = TraceSource("weights", "greedy")
MANY = examples(rows=9)


@dataclass(frozen=True, eq=False)
class Echo(WritingStage):
    """Writes an example's id and cell type, last ones first."""

    taken: ClassVar[list[int]] = []

    def open(self) -> Writing:
        def batches(given: list[Example], wanted: list[int]) -> list[Batch]:
            Echo.taken.append(len(wanted))
            return [[(at, f"{given[at].id} {given[at].cell_type}</think>")] for at in reversed(wanted)]

        return Writing(SOURCE, batches)  # type: ignore[arg-type]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Echo:
    monkeypatch.setattr(spread, "source_for", lambda recipe, run: SOURCE)
    monkeypatch.setattr(spread, "SEQUENCES", 4)
    Echo.taken.clear()
    return Echo(Path("run"), tiny_recipe(Path("base")), None, 1)


def test_sequences_go_together_and_traces_come_to_their_examples(tmp_path: Path, stage: Echo) -> None:
    with LocalEngine(1) as engine:
        counts = generate(MANY, by_engine(stage, engine), tmp_path / "traces.jsonl")
    assert counts.examples == counts.written == counts.ended == len(MANY)
    sizes = [len(list(group)) for _, group in groupby(MANY, key=lambda one: one.row)]
    assert Echo.taken == [sum(sizes[:4]), sum(sizes[4:8]), sum(sizes[8:])]
    lines = (tmp_path / "traces.jsonl").read_text().splitlines()
    assert all(f'"{one.id} {one.cell_type}' in line for one, line in zip(MANY, lines, strict=True))


def test_shards_one_behind_the_other_are_the_whole(tmp_path: Path, stage: Echo) -> None:
    with LocalEngine(1) as engine:
        writing = by_engine(stage, engine)
        generate(MANY, writing, tmp_path / "whole.jsonl")
        for number in (1, 2, 3):
            generate(examples_of_shard(MANY, Shard(number, 3)), writing, tmp_path / f"{number}.jsonl")
    parts = b"".join((tmp_path / f"{number}.jsonl").read_bytes() for number in (1, 2, 3))
    assert parts == (tmp_path / "whole.jsonl").read_bytes()
