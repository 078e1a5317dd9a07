from __future__ import annotations

from collections import Counter

import numpy as np

from cistrace.cards.windows import MINIMUM_KNOWN
from cistrace.motifs.hit import MotifHit
from cistrace.mpra.table import MpraTable
from cistrace.training.cards import in_pieces, piece, thin
from cistrace.writers.prompts import LISTED_HITS


def test_thinning_keeps_order_and_every_count_is_about_as_likely() -> None:
    hits = tuple(MotifHit(f"M{n}", "TF", frozenset(), 10 * n, 10 * n + 8, "+", 9.0 - n, 1e-6) for n in range(12))
    random = np.random.default_rng(0)
    thinned = [thin(hits, random) for _ in range(900)]
    for kept in thinned:
        assert list(kept) == [hit for hit in hits if hit in kept]
    counts = Counter(len(kept) for kept in thinned)
    assert set(counts) == set(range(LISTED_HITS + 1))
    assert min(counts.values()) > 60
    assert Counter(hit for kept in thinned for hit in kept).keys() == set(hits)


def test_thinning_cannot_add_hits() -> None:
    random = np.random.default_rng(0)
    assert thin((), random) == ()
    assert all(len(thin((MotifHit("M", "TF", frozenset(), 0, 8, "+", 9.0, 1e-6),), random)) <= 1 for _ in range(20))


def test_pieces_lie_in_their_sequence_and_have_every_length() -> None:
    random = np.random.default_rng(0)
    bases = "".join(random.choice(list("ACGT"), 60))
    drawn = [piece(bases, random, MINIMUM_KNOWN) for _ in range(2_000)]
    assert all(found in bases for found in drawn)
    lengths = Counter(map(len, drawn))
    assert set(lengths) == set(range(MINIMUM_KNOWN, 61))
    assert min(lengths.values()) > 20
    ends = {bases.index(found) + len(found) for found in drawn} | {bases.index(found) for found in drawn}
    assert {0, 60} <= ends


def test_a_table_in_pieces_keeps_its_other_rows() -> None:
    whole = ("ACGT" * 20, "TTGCA" * 20, "GGATC" * 20)
    table = MpraTable(
        ("a", "b", "c"), whole, ("chr1",) * 3, ("x_peak",) * 3, ("train",) * 3, np.arange(9.0).reshape(3, 3)
    )
    cut = in_pieces(table, np.array([1]), np.random.default_rng(1), MINIMUM_KNOWN)
    assert (cut.sequences[0], cut.sequences[2]) == (whole[0], whole[2])
    assert cut.sequences[1] in whole[1] and cut.sequences[1] != whole[1]
    assert table.sequences == whole
