from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bench_helpers import an_entry
from python_calamine import CalamineWorkbook
from table_helpers import one_line

from cistrace.errors import DataError, InputError, OutputError
from cistrace.reasonbench.entries import Entry
from cistrace.reasonbench.reviews import Review, apply_review, read_reviews, trace_hash, write_reviews
from cistrace.reasonbench.sheet import COLUMNS, read_sheet, write_sheet

HOSTILE = "=HYPERLINK(1)"


def find_in(entries: list[Entry]) -> Callable[[str, str], Entry | None]:
    known = {(entry.id, entry.cell_type): entry for entry in entries}
    return lambda name, cell_type: known.get((name, cell_type))


def read_back(path: Path) -> list[dict[str, str]]:
    if path.suffix == ".xlsx":
        rows = [
            [str(cell) for cell in row]
            for row in CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
        ]
    else:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = list(csv.reader(handle, delimiter="\t" if path.suffix == ".tsv" else ","))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def fill(path: Path, changes: list[dict[str, str]]) -> Path:
    """A sheet as a person gives it back: as CSV."""
    rows = [{**row, **change} for row, change in zip(read_back(path), changes, strict=True)]
    back = path.with_name("filled.csv")
    with back.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return back


def decided(decision: str, trace: str = "") -> dict[str, str]:
    return {"decision": decision, "reviewer": "Ana", "reason": "as seen", "corrected_trace": trace}


@pytest.mark.parametrize("name", ["s.csv", "s.tsv", "s.xlsx"])
def test_a_sheet_comes_back(name: str, tmp_path: Path) -> None:
    entries = [an_entry(HOSTILE), an_entry("e2"), an_entry("e3")]
    assert write_sheet(entries, tmp_path / name) == 3
    assert read_sheet(tmp_path / name, find_in(entries)) == []  # nothing decided yet
    if name != "s.xlsx":
        assert read_back(tmp_path / name)[0]["id"] == f"'{HOSTILE}"  # no spreadsheet runs it
    corrected = entries[2].trace.replace("Level: 2", "Level: 1")
    filled = fill(tmp_path / name, [decided("accept"), decided("Reject"), decided("correct", corrected)])
    reviews = read_sheet(filled, find_in(entries))
    assert [(review.id, review.decision) for review in reviews] == [
        (HOSTILE, "accept"),
        ("e2", "reject"),
        ("e3", "correct"),
    ]
    write_reviews(reviews, tmp_path)
    assert list(read_reviews(tmp_path).values()) == reviews


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"decision": "maybe", "reviewer": "A", "reason": "r"}, "decision 'maybe', expected accept, correct, reject"),
        ({"decision": "accept", "reviewer": "", "reason": "r"}, "no reviewer or no reason"),
        ({"decision": "accept", "reviewer": "A", "reason": "r", "id": "other"}, "no such trace"),
        ({"decision": "accept", "reviewer": "A", "reason": "r", "trace_sha256": "00"}, "has changed since"),
        (decided("correct"), "no corrected_trace"),
        (decided("correct", "1. GC content 0.999 is high\n</think>Level: 1"), "the corrected trace: "),
    ],
)
def test_a_decision_that_cannot_be_taken_is_named_and_nothing_is_imported(
    change: dict[str, str], fault: str, tmp_path: Path
) -> None:
    entries = [an_entry("e1"), an_entry("e2")]
    write_sheet(entries, tmp_path / "s.csv")
    with pytest.raises(DataError, match=fault) as raised:
        read_sheet(fill(tmp_path / "s.csv", [decided("accept"), change]), find_in(entries))
    assert "line " in str(raised.value)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"expected \.csv, \.tsv or \.xlsx"):
        write_sheet([], tmp_path / "s.ods")
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="no column 'id'"):
        read_sheet(tmp_path / "x.csv", find_in([]))


@pytest.mark.parametrize(("name", "fault"), [("nope.csv", "no such file"), (".", "is no file")])
def test_what_is_no_sheet_is_asked_for_by_its_name(name: str, fault: str, tmp_path: Path) -> None:
    message = one_line(read_sheet, tmp_path / name, find_in([]))
    assert f"{fault}; expected a filled sheet that `reasonbench review export` wrote" in message


def test_levels_are_whole_numbers(tmp_path: Path) -> None:
    write_sheet([an_entry(), replace(an_entry("e2"), stated_level=None)], tmp_path / "s.csv")
    levels = [(row["observed_level"], row["stated_level"]) for row in read_back(tmp_path / "s.csv")]
    assert levels == [("2", "2"), ("2", "")]


def test_the_last_decision_alone_leaves_its_mark() -> None:
    entry = an_entry("e1")
    reject, again, accept = (
        Review("e1", "K562", decision, trace_hash(entry.trace), "", "Ana", reason)
        for decision, reason in (("reject", "too bold"), ("reject", "much too bold"), ("accept", "not so bold"))
    )
    rejected = apply_review(entry, reject).entry
    assert [fault.reason for fault in apply_review(rejected, again).entry.faults] == ["rejected by Ana: much too bold"]
    assert apply_review(rejected, accept) == apply_review(entry, accept)


def test_a_decision_holds_for_the_trace_that_was_seen() -> None:
    entry = an_entry("e1")
    reject = Review("e1", "K562", "reject", trace_hash(entry.trace), "", "Ana", "too bold")
    found = apply_review(entry, reject)
    assert found.kept is False and found.entry.faults[-1].reason == "rejected by Ana: too bold"
    other = replace(entry, trace=entry.trace.replace("Level: 2", "Level: 3"))
    assert apply_review(other, reject) == type(found)(other, None, True)


def test_a_correction_holds_while_the_card_supports_it() -> None:
    entry = an_entry("e1")
    corrected = entry.trace[:-1] + "0"
    correct = Review("e1", "K562", "correct", "other", corrected, "Ana", "weaker than that")
    found = apply_review(entry, correct)
    assert (found.kept, found.entry.stated_level, found.entry.written_by) == (True, 0, "review")
    assert found.entry.review == "correct by Ana: weaker than that"
    moved = replace(entry, card=entry.card.replace("Score: 9.50", "Score: 7.50"))
    assert apply_review(moved, correct).stale
