from __future__ import annotations

from collections import Counter

import numpy as np

from cistrace.prompts import LISTED_HITS
from cistrace.records import MotifHit
from cistrace.training.cards import thin


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
