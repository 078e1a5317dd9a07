"""Which rows train, where a user says little."""

from __future__ import annotations

from table_helpers import bases, measured, one_line

from cistrace.errors import DataError
from cistrace.reasonbench.prepare import split_rows

SPLITS = ("train", "train", "val", "test", "excluded")


def test_a_split_column_is_taken_and_said() -> None:
    table = measured([bases(seed) for seed in range(5)], splits=SPLITS, chromosomes=["chr1"] * 5)
    found = split_rows(table, None, (), (), 40, 0)
    assert found.splits == ("train", "train", "val", "test", "")
    assert found.notes[0] == "splits: taken from the table's split column: train 2, val 1, test 1"
    assert found.splits == split_rows(table, "column", (), (), 40, 0).splits


def test_chromosomes_that_are_named_go_before_a_split_column() -> None:
    table = measured([bases(seed) for seed in range(5)], splits=SPLITS, chromosomes=["1", "2", "3", "4", "5"])
    assert split_rows(table, None, ("chr2",), ("chr3",), 40, 0).splits == ("train", "val", "test", "train", "train")


def test_a_table_that_states_neither_is_told_the_three_ways() -> None:
    message = one_line(split_rows, measured([bases(1)]), None, (), (), 40, 0, error=DataError)
    for way in ("--val chr19,chr21 --test chr5", "--split-column NAME", "--split homology"):
        assert way in message
