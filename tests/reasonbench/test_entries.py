from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from bench_helpers import an_entry
from cli_helpers import a_card
from hypothesis import given
from hypothesis import strategies as st

from cistrace.errors import CardError, DataError
from cistrace.reasonbench.entries import entry_line, official_object, parse_entry, read_entries
from cistrace.reasonbench.gates import Fault


@given(st.text(), st.text(), st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 3))
def test_an_entry_comes_back(name: str, reason: str, activity: float, level: int) -> None:
    entry = replace(an_entry(), id=name, activity=activity, level=level, faults=(Fault("claims", reason),))
    assert parse_entry(json.loads(entry_line(entry)), "x") == entry


def test_a_file_comes_back(tmp_path: Path) -> None:
    entries = [an_entry(f"e{n}\u2028<b>", row=n) for n in range(3)]
    path = tmp_path / "train.jsonl"
    path.write_text("".join(map(entry_line, entries)), encoding="utf-8")
    assert list(read_entries(path)) == entries


def test_the_releases_shape_reads_back(tmp_path: Path) -> None:
    """Three keys, a card in the paper's layout, free text around the end of the reasoning."""
    entry = an_entry()
    official = official_object(entry)
    assert list(official) == ["messages", "expression_score", "label"]
    assert [message["role"] for message in official["messages"]] == ["system", "user", "assistant"]
    official["messages"][2]["content"] = "1. GC is high\n</think>\nThe activity is high."
    path = tmp_path / "1000-reason-sharegpt-short-conclu.jsonl"
    path.write_text(json.dumps(official) + "\n")
    (back,) = read_entries(path)
    assert (back.cell_type, back.activity, back.level) == ("K562", entry.activity, entry.level)
    assert (back.reasoning, back.conclusion) == ("1. GC is high\n", "\nThe activity is high.")
    assert back.parsed_card() == replace(a_card(), hits=())  # which no card tells beside its sites


def test_a_message_before_the_card_is_passed_over() -> None:
    entry = an_entry()
    assert replace(entry, card="Explain this.\n\n" + entry.card).parsed_card() == entry.parsed_card()
    with pytest.raises(CardError, match="found no 'Context:'"):
        replace(entry, card="ACGT").parsed_card()


@pytest.mark.parametrize(
    "line", ["[1]", "{}", '{"messages": [], "expression_score": 1, "label": 2}', "{", '{"messages": 3, "label": 1}']
)
def test_other_lines_are_refused_by_number(line: str, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(entry_line(an_entry()) + line + "\n")
    with pytest.raises(DataError, match=r"x\.jsonl, line 2: not"):
        list(read_entries(path))
