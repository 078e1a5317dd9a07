"""Splits by chromosome, column and homology."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_helpers import bases, measured, one_line

from cistrace.errors import DataError
from cistrace.io.regions import reverse_complement
from cistrace.mpra.homology import leaks
from cistrace.mpra.splits import Split, by_chromosome, by_column, by_homology


def excluded(split: Split) -> list[tuple[int, str]]:
    return [(one.line, one.id) for one in split.exclusions]


def test_by_chromosome() -> None:
    places = ["chr1", "chr19", "chr7", "chr1-chr2", "chr18-chr19", "chr7-chr8", "", "unknown", "chr1", "chr190"]
    table = measured([bases(seed) for seed in range(len(places))], chromosomes=places)
    found = by_chromosome(table, ["chr19"], ["7"])
    assert found.splits == ("train", "val", "test", "train", "", "", "train", "train", "train", "train")
    assert excluded(found) == [(6, "e4"), (7, "e5")]
    assert "'chr18-chr19'" in found.exclusions[0].reason
    assert found.rule == "chromosomes: val chr19, test 7, the rest train"


def test_chromosomes_that_do_not_fit() -> None:
    table = measured([bases(1), bases(2)], chromosomes=["chr1", ""])
    assert "asked for val and test" in one_line(by_chromosome, table, ["chr1"], ["1"], error=DataError)
    assert "chromosome 'chr9': no measured row lies on it; found chr1" in one_line(
        by_chromosome, table, ["chr9"], [], error=DataError
    )
    bare = measured([bases(1)])
    assert "no row has a chromosome" in one_line(by_chromosome, bare, ["chr9"], [], error=DataError)


def test_by_column() -> None:
    names = ["Train", " TRAINING", "val", "Valid", "validation", "DEV", "test", "excluded", "excluded", ""]
    found = by_column(measured([bases(seed) for seed in range(len(names))], splits=names))
    assert found.splits == ("train", "train", "val", "val", "val", "val", "test", "", "", "")
    assert excluded(found) == [(9, "e7"), (10, "e8"), (11, "e9")]
    assert found.notes == ("rows of other splits, excluded: 3 ('excluded' 2, '' 1)",)
    assert "no row is of train, val or test" in one_line(by_column, measured([bases(1)]), error=DataError)


def related(families: list[int]) -> list[str]:
    """Families of sequences that overlap by 50 bp, every other one on the other strand."""
    found = []
    for family, size in enumerate(families):
        text = bases(family, 100 + 50 * size)
        pieces = [text[50 * place : 50 * place + 100] for place in range(size)]
        found += [reverse_complement(piece) if place % 2 else piece for place, piece in enumerate(pieces)]
    return found


@settings(deadline=None, max_examples=60)
@given(
    families=st.lists(st.integers(1, 6), min_size=1, max_size=25),
    shares=st.tuples(st.sampled_from([0.0, 0.1, 0.25]), st.sampled_from([0.0, 0.1, 0.3])),
    seed=st.integers(0, 9),
)
def test_by_homology(families: list[int], shares: tuple[float, float], seed: int) -> None:
    sequences = related(families)
    table = measured(sequences)
    found = by_homology(table, 40, *shares, seed)
    assert leaks(sequences, found.splits, 40).clean
    assert set(found.splits) <= {"train", "val", "test"} and "train" in found.splits and not found.exclusions
    order = np.random.default_rng(seed).permutation(len(sequences))
    turned = measured([sequences[row] for row in order], names=[table.table.names[row] for row in order])
    again = by_homology(turned, 40, *shares, seed)
    assert again.splits == tuple(found.splits[row] for row in order)
    counts = Counter(found.splits)
    for name, share in zip(("val", "test"), shares):
        # Off by less than half the largest family, or nothing small enough is left.
        target = round(share * len(sequences))
        assert abs(counts[name] - target) <= max(3, target)
        assert share > 0 or not counts[name]


def test_shares_are_met_where_groups_are_small() -> None:
    sequences = [bases(seed, 80) for seed in range(400)]
    found = by_homology(measured(sequences), 30, 0.1, 0.15, 7)
    assert Counter(found.splits) == {"train": 300, "val": 40, "test": 60} and found.notes == ()
    other = by_homology(measured(sequences), 30, 0.1, 0.15, 8)
    assert other.splits != found.splits
    assert by_homology(measured(sequences), 30, 0.1, 0.15, 7) == found


def test_one_large_group() -> None:
    table = measured(related([18, 1, 1]))
    found = by_homology(table, 40, 0.1, 0.1, 0)
    assert Counter(found.splits)["train"] >= 18
    assert "one group of related rows holds 18 of 20, more than train's share" in found.notes[0]
    alone = by_homology(measured(related([10])), 40, 0.1, 0.1, 0)
    assert set(alone.splits) == {"train"} and any("test is empty" in note for note in alone.notes)


@pytest.mark.parametrize("shares", [(-0.1, 0.1), (0.5, 0.5), (float("nan"), 0.1)])
def test_shares_out_of_range(shares: tuple[float, float]) -> None:
    message = one_line(by_homology, measured([bases(1)]), 40, *shares, 0, error=DataError)
    assert "less than 1 together" in message
