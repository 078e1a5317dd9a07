"""Which rows train, where a user says little."""

from __future__ import annotations

import pytest
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


@pytest.mark.parametrize(
    ("rule", "val", "test", "said"),
    [
        ("column", ("chr2",), (), "the split column decides, and --val chr2 would too"),
        ("column", (), ("0.1", "0.2"), "the split column decides, and --test 0.1,0.2 would too"),
        (
            None,
            ("0.1",),
            ("0.1",),
            "found '0.1', expected names such as chr19; for shares of the rows add --split homology",
        ),
        (
            "chromosome",
            ("chr2",),
            (".2",),
            "found '.2', expected names such as chr19; for shares of the rows add --split",
        ),
        (None, ("0.1",), (), "for shares of the rows add --split homology"),
        (None, ("chr2",), (), "--test is missing; expected chromosomes of val and of test; add --test CHR"),
        ("chromosome", (), ("chr2",), "--val is missing; expected chromosomes of val and of test; add --val CHR"),
        (None, ("2",), ("1e9",), "chromosome '1e9': no measured row lies on it"),
    ],
)
def test_options_of_the_split_that_do_not_fit(
    rule: str | None, val: tuple[str, ...], test: tuple[str, ...], said: str
) -> None:
    table = measured([bases(seed) for seed in range(5)], splits=SPLITS, chromosomes=["1", "2", "3", "4", "5"])
    assert said in one_line(split_rows, table, rule, val, test, 40, 0, error=DataError)
