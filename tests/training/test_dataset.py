"""Opening a data set for training; the records that come of one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench_helpers import a_table

from cistrace.checkpoints.calibration import part_val
from cistrace.errors import DataError, RunError
from cistrace.mpra.elements import ELEMENTS, read_elements, write_elements
from cistrace.reasonbench.dataset import read_data_set
from cistrace.training.arms import texts_to_write
from cistrace.training.examples import read_examples
from cistrace.training.recipe_file import load_recipe
from cistrace.training.run import Run
from cistrace.training.stages import make_examples


@pytest.fixture
def copied(bench: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bench, tmp_path / "bench"))


def test_elements_come_back(tmp_path: Path) -> None:
    table = a_table(12)
    table.activity[3, 1] = np.nan
    splits = ("train", "val", "", "test") * 3
    assert write_elements(tmp_path / ELEMENTS, table, splits) == 9
    found, rows = read_elements(tmp_path / ELEMENTS, table.cell_types)
    kept = [row for row in range(12) if splits[row]]
    assert rows.tolist() == kept and found.splits == tuple(splits[row] for row in kept)
    assert found.sequences == tuple(table.sequences[row] for row in kept)
    assert found.chromosomes == tuple(table.chromosomes[row] for row in kept)
    np.testing.assert_array_equal(found.activity, table.activity[kept])
    with pytest.raises(DataError, match="expected 3 columns"):
        read_elements(tmp_path / ELEMENTS, ("a", "b", "c"))


def test_a_training_reads_the_part_of_val_that_chooses(bench: Path) -> None:
    data = read_data_set(bench)
    chosen = data.places_in_training("val")
    val = data.places("val")
    parts = part_val([data.table.sequences[place] for place in val])
    assert chosen.tolist() == val[parts.choose].tolist() and len(chosen) == 6
    assert data.places_in_training("train").tolist() == data.places("train").tolist()


def test_a_val_of_relatives_alone_is_refused(bench: Path) -> None:
    data = read_data_set(bench)
    core = data.table.sequences[0][:60]
    sequences = tuple(
        core + bases[60:] if split == "val" else bases
        for bases, split in zip(data.table.sequences, data.table.splits, strict=True)
    )
    related = replace(data, table=replace(data.table, sequences=sequences))
    with pytest.raises(DataError, match=r"its 20 val sequences all share 40 bases with one another"):
        related.places_in_training("val")


def test_a_data_set_opens_as_it_was_built(bench: Path) -> None:
    data = read_data_set(bench)
    assert data.cell_types == ("K562", "MyCell") and data.window == 104
    assert {split: len(data.places(split)) for split in ("train", "val", "test")} == {
        "train": 80,
        "val": 20,
        "test": 20,
    }
    assert set(data.table.take(data.places("val")).chromosomes) == {"chr5"}
    assert not {"chr5", "chr6"} & set(data.training.chromosomes) and len(data.training) == 80
    assert data.training is data.training  # taken once
    assert data.cuts.shape == (2, 3) and (np.diff(data.cuts, axis=1) > 0).all()


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (lambda folder: (folder / "manifest.json").write_text("{"), "no readable manifest.json"),
        (lambda folder: (folder / "manifest.json").unlink(), "no readable manifest.json"),
        (lambda folder: (folder / ELEMENTS).write_bytes(b"PAR1"), "not a readable table of elements"),
        (lambda folder: (folder / ELEMENTS).unlink(), "not a readable table of elements"),
    ],
)
def test_what_is_no_data_set_is_refused(copied: Path, harm: object, expected: str) -> None:
    harm(copied)  # type: ignore[operator]
    with pytest.raises(DataError, match=expected) as caught:
        read_data_set(copied)
    assert "\n" not in str(caught.value)


def test_records_of_the_papers_cards_are_the_data_sets_own(bench: Path, tmp_path: Path) -> None:
    run = Run(tmp_path)
    counts = make_examples(read_data_set(bench), load_recipe("r3lm-qwen3-4b"), run, 1)
    assert counts == {"train": 160, "val": 12, "pieces": 0, "taught": 160}
    entries = [json.loads(line) for line in (bench / "train.jsonl").read_text().splitlines()]
    told = {record.own: record for record in read_examples(run.examples("train"))}
    assert set(told) == {turn["content"] for entry in entries for turn in entry["messages"] if turn["role"] == "user"}
    assert all(record.oracle == record.trace for record in told.values())  # built with --condition level
    target = np.array([record.target for record in told.values()])
    assert abs(target.mean()) < 0.3 and 0.7 < target.std() < 1.3


def test_sequences_without_a_trace_are_read_by_stage_two_alone(copied: Path, tmp_path: Path) -> None:
    """As with --per-level: a few traces, and every measurement."""
    lines = (copied / "train.jsonl").read_text().splitlines(keepends=True)
    (copied / "train.jsonl").write_text("".join(lines[40:60]))
    (copied / "val.jsonl").unlink()
    run, recipe = Run(tmp_path), load_recipe("r3lm-qwen3-4b")
    assert make_examples(read_data_set(copied), recipe, run, 1) == {"train": 160, "val": 12, "pieces": 0, "taught": 20}
    many = read_examples(run.examples("train"))
    assert all(record.trace for record in many[:20]) and not any(record.trace for record in many[20:])
    assert [text.example for text in texts_to_write(many)] == many[:20]
    assert len({(record.row, record.cell_type) for record in many}) == 160
    assert all(
        record.level == sum(record.activity >= cut for cut in cuts_of(copied, record.cell_type)) for record in many
    )
    few = Run(tmp_path / "few")
    few.folder.mkdir()
    shorter = replace(recipe, cards=replace(recipe.cards, rows=12))
    make_examples(read_data_set(copied), shorter, few, 1)
    assert sum(bool(record.trace) for record in read_examples(few.examples("train"))) == 20


def cuts_of(folder: Path, cell_type: str) -> list[float]:
    return json.loads((folder / "manifest.json").read_text())["cuts"][cell_type]


def test_a_data_set_without_traces_is_refused(copied: Path, tmp_path: Path) -> None:
    (copied / "train.jsonl").unlink()
    with pytest.raises(DataError, match="has no traces"):
        make_examples(read_data_set(copied), load_recipe("r3lm-qwen3-4b"), Run(tmp_path), 1)


def test_cards_with_evidence_of_the_training_rows_are_refused(copied: Path, tmp_path: Path) -> None:
    path = copied / "manifest.json"
    plain = json.loads(path.read_text())
    plain["evidence"]["kind"] = "associations"
    path.write_text(json.dumps(plain))
    with pytest.raises(DataError, match="that a new sequence would lack"):
        make_examples(read_data_set(copied), load_recipe("r3lm-qwen3-4b"), Run(tmp_path), 1)


@pytest.mark.parametrize(
    ("changes", "towers"),
    [
        ((), "whole, legnet;"),
        (("tower.folds=3", "regression.arm=card+generated"), "fold0, fold1, fold2, whole, legnet;"),
    ],
)
def test_towers_are_asked_for_by_name(bench: Path, tmp_path: Path, changes: tuple[str, ...], towers: str) -> None:
    with pytest.raises(RunError, match=f"lacks the towers {towers}"):
        make_examples(read_data_set(bench), load_recipe("compact", list(changes)), Run(tmp_path), 1)
