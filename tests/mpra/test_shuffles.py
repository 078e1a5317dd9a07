from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cistrace.mpra.shuffles import dinucleotides_shuffled, letters_shuffled

dna = st.text("ACGTN", max_size=80)


def pairs(bases: str) -> Counter[str]:
    return Counter(map("".join, pairwise(bases)))


@given(dna, st.integers(0, 99))
def test_shuffles_keep_what_they_say(bases: str, seed: int) -> None:
    found = dinucleotides_shuffled(bases, np.random.default_rng(seed))
    assert pairs(found) == pairs(bases) and len(found) == len(bases)
    assert (found[:1], found[-1:]) == (bases[:1], bases[-1:])
    assert Counter(letters_shuffled(bases, np.random.default_rng(seed))) == Counter(bases)


def test_every_order_comes_about_as_often() -> None:
    random = np.random.default_rng(0)
    found = Counter(dinucleotides_shuffled("AACAGA", random) for _ in range(6000))
    assert set(found) == {"AACAGA", "AAGACA", "ACAAGA", "AGAACA", "ACAGAA", "AGACAA"}
    assert max(found.values()) < 1.2 * min(found.values())
