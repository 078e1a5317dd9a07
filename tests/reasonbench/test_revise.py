"""A person's decisions taken into a data set: what they touch is written anew, all else stays."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bench_helpers import a_table, an_entry

from cistrace.mpra.elements import ELEMENTS, read_elements
from cistrace.reasonbench.datacard import data_card
from cistrace.reasonbench.files import DataSetFiles
from cistrace.reasonbench.gates import judge
from cistrace.reasonbench.manifest import read_manifest
from cistrace.reasonbench.reviews import read_reviews
from cistrace.reasonbench.revise import drawn, entries_of, revise
from cistrace.reasonbench.sheet import COLUMNS, write_sheet
from cistrace.reasonbench.statistics import BuildStatistics

ABOUT: dict[str, Any] = {
    "cistrace": "0.1.0", "sources": [], "cell_types": ["K562"], "motifs": "JASPAR", "evidence": {"kind": "none"},
    "teacher": {"kind": "grounded", "condition": "none"}, "split": {"rule": "by hand", "leaks": {"k": 40}},
    "level_rule": "quantiles", "seed": 0,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three training entries, one of val, elements, exclusions, and a person's own notes beside them."""
    made = a_table(4, ("K562",))
    counts = BuildStatistics(prompt_tokens=7)
    with DataSetFiles(tmp_path / "set", official=True) as files:
        for row, split in enumerate(("train", "train", "train", "val")):
            entry = an_entry(f"e{row}", split, row=row)
            files.add(entry)
            counts.add(entry, judge(entry.trace, entry.parsed_card()), True)
        files.exclude([])
        files.elements(made, ("train", "train", "train", "val"))
        about = ABOUT | {"statistics": counts.plain()}
        files.finish(about, data_card(about))
    (tmp_path / "set" / "notes.txt").write_text("mine")
    (tmp_path / "set" / "evidence.npz").write_bytes(b"kept for the next build")
    return tmp_path / "set"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def decide(folder: Path, decision: Callable[[str], str], reason: str = "as read") -> Path:
    """A sheet of all training traces, decided by id; corrections conclude level 0."""
    sheet = folder.parent / "sheet.csv"
    write_sheet(drawn(folder, "train", False, 10, 0), sheet)
    with sheet.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    with sheet.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        for row in rows:
            filled = {"decision": decision(row["id"]), "reviewer": "Ana", "reason": reason}
            writer.writerow({**row, **filled, "corrected_trace": row["trace"][:-1] + "0"})
    return sheet


def test_an_import_takes_no_file_away_and_leaves_what_it_does_not_touch(folder: Path) -> None:
    before = contents(folder)
    assert revise(folder, decide(folder, lambda name: "reject" if name == "e1" else "")) == {"reject": 1}
    after = contents(folder)
    renamed = {"K562/3-reason-sharegpt-short-conclu.jsonl"}  # its name counts its entries
    assert set(before) - set(after) == renamed
    assert {"K562/2-reason-sharegpt-short-conclu.jsonl", "rejects.jsonl", "reviews.jsonl"} == set(after) - set(before)
    for name in (ELEMENTS, "excluded.tsv", "notes.txt", "evidence.npz", "val.jsonl"):
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


DECISIONS = {"e0": "reject", "e1": "correct", "e2": "accept"}


def test_the_same_sheet_again_changes_nothing(folder: Path) -> None:
    sheet = decide(folder, DECISIONS.__getitem__)
    assert revise(folder, sheet) == {"accept": 1, "correct": 1, "reject": 1}
    once = contents(folder)
    assert revise(folder, sheet) == {}
    assert contents(folder) == once


def test_manifest_and_card_count_what_the_files_now_hold(folder: Path) -> None:
    before = read_manifest(folder).statistics
    revise(folder, decide(folder, DECISIONS.__getitem__))
    after = read_manifest(folder).statistics
    assert after["entries"]["train"] == {"K562": {"kept": 2, "rejected": 1}}
    assert after["traces_with_fault"] == {"train": {"review": 1}}
    assert after["agreement_with_observed_level"] == {"train": {"K562": 0.6667}, "val": {"K562": 1.0}}
    changed = {"entries", "traces_with_fault", "agreement_with_observed_level", "levels"}
    assert {name for name in before if after[name] != before[name]} == changed
    assert "| train | K562 | 2 | 1 | 66.7% |" in (folder / "README.md").read_text()


def test_a_card_that_somebody_wrote_in_stays(folder: Path) -> None:
    mine = (folder / "README.md").read_text() + "Ask Ana."
    (folder / "README.md").write_text(mine)
    for decided in ("e1", "e2"):
        assert revise(folder, decide(folder, defaultdict(str, {decided: "reject"}).__getitem__))
        assert (folder / "README.md").read_text() == mine
