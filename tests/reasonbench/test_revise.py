"""A person's decisions taken into a data set: what they touch is written anew, all else stays."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from bench_helpers import a_table, an_entry

from cistrace.mpra.elements import ELEMENTS, read_elements
from cistrace.reasonbench.files import DataSetFiles
from cistrace.reasonbench.manifest import read_manifest
from cistrace.reasonbench.reviews import read_reviews
from cistrace.reasonbench.revise import drawn, entries_of, revise
from cistrace.reasonbench.sheet import COLUMNS, write_sheet

Decide = Callable[[dict[str, str]], dict[str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three training entries, one of val, elements, exclusions, and a person's own notes beside them."""
    made = a_table(4, ("K562",))
    with DataSetFiles(tmp_path / "set", official=True) as files:
        for row, split in enumerate(("train", "train", "train", "val")):
            files.add(an_entry(f"e{row}", split, row=row))
        files.exclude([])
        files.elements(made, ("train", "train", "train", "val"))
        files.finish({"cell_types": ["K562"], "seed": 0}, "# card")
    (tmp_path / "set" / "notes.txt").write_text("mine")
    (tmp_path / "set" / "evidence.npz").write_bytes(b"kept for the next build")
    return tmp_path / "set"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def decide(folder: Path, decision: Callable[[str], str], reason: str = "as read") -> Path:
    """A sheet of all training traces, decided by id."""
    sheet = folder.parent / "sheet.csv"
    write_sheet(drawn(folder, "train", False, 10, 0), sheet)
    with sheet.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    with sheet.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerows({**row, "decision": decision(row["id"]), "reviewer": "Ana", "reason": reason} for row in rows)
    return sheet


def test_an_import_takes_no_file_away_and_leaves_what_it_does_not_touch(folder: Path) -> None:
    before = contents(folder)
    assert revise(folder, decide(folder, lambda name: "reject" if name == "e1" else "")) == {"reject": 1}
    after = contents(folder)
    renamed = {"K562/3-reason-sharegpt-short-conclu.jsonl"}  # its name counts its entries
    assert set(before) - set(after) == renamed
    assert {"K562/2-reason-sharegpt-short-conclu.jsonl", "rejects.jsonl", "reviews.jsonl"} == set(after) - set(before)
    for name in (ELEMENTS, "excluded.tsv", "notes.txt", "evidence.npz", "val.jsonl", "README.md"):
        assert after[name] == before[name], name
    assert len(read_elements(folder / ELEMENTS, ("K562",))[0]) == 4
    assert [entry.id for entry in entries_of(folder, "train")] == ["e0", "e2"]


def test_a_sheet_without_decisions_changes_nothing(folder: Path) -> None:
    before = contents(folder)
    assert revise(folder, decide(folder, lambda name: "")) == {}
    assert contents(folder) == before


def test_the_manifest_still_speaks_for_every_file(folder: Path) -> None:
    before = read_manifest(folder).files
    revise(folder, decide(folder, lambda name: "accept"))
    after = read_manifest(folder).files
    assert after[ELEMENTS] == before[ELEMENTS] and after[ELEMENTS].rows == 4
    assert set(after) == set(before)


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0b", "\r"])
def test_a_reason_with_any_line_mark_reads_back(folder: Path, mark: str) -> None:
    reason = f"first{mark}second"
    revise(folder, decide(folder, lambda name: "accept" if name == "e0" else "", reason))
    assert [review.reason for review in read_reviews(folder).values()] == [reason]
    assert revise(folder, decide(folder, lambda name: "accept" if name == "e2" else "")) == {"accept": 1}
