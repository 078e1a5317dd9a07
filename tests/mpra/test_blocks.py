"""Blocks of neighbours on a chromosome."""

from __future__ import annotations

import numpy as np

from cistrace.mpra.blocks import chromosome_blocks
from cistrace.mpra.table import MpraTable


def table(rows: list[tuple[str, str, str]]) -> MpraTable:
    names, chromosomes, categories = zip(*rows)
    count = len(rows)
    return MpraTable(names, ("ACGT",) * count, chromosomes, categories, ("test",) * count, np.zeros((count, 3)))


def test_neighbours_follow_the_numbers_at_the_ends_of_their_names() -> None:
    rows = [("peak9", "chr1", "a"), ("peak10", "chr1", "a"), ("peak2", "chr1", "a"), ("peak1", "chr1", "a")]
    assert chromosome_blocks(table(rows), 2).tolist() == [1, 1, 0, 0]


def test_no_block_spans_chromosomes_or_categories() -> None:
    rows = [("p1", "chr1", "a"), ("p2", "chr2", "a"), ("p3", "chr1", "b"), ("p4", "chr1", "a")]
    blocks = chromosome_blocks(table(rows), 25)
    assert blocks[0] == blocks[3] and len(set(blocks.tolist())) == 3


def test_names_without_numbers_stand_in_the_order_of_the_table() -> None:
    assert chromosome_blocks(table([(name, "chr1", "") for name in "zyx"]), 2).tolist() == [0, 0, 1]
