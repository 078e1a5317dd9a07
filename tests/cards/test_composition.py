from __future__ import annotations

import pytest
from card_helpers import bases
from hypothesis import given

from cistrace.cards.composition import composition
from cistrace.io.regions import reverse_complement


@given(bases)
def test_both_strands_measure_alike(sequence: str) -> None:
    assert composition(reverse_complement(sequence)) == composition(sequence)


@pytest.mark.parametrize(
    ("sequence", "gc", "cpg"),
    [("CG" * 10, 1.0, 2.0), ("AT" * 10, 0.0, 0.0), ("CCCCCGGGGG" * 2, 1.0, 0.4), ("N" * 20, 0.0, 0.0)],
)
def test_gc_and_cpg_by_hand(sequence: str, gc: float, cpg: float) -> None:
    found = composition(sequence)
    assert (found.gc, found.cpg) == (gc, cpg)


def test_low_complexity_marks_repeats_alone() -> None:
    varied = "ACTTGAGGCTAACCGTCATTGCGAATCTGG"
    assert composition(varied).low_complexity == 0.0
    assert composition("A" * 30).low_complexity == 1.0
    assert composition("CA" * 20).low_complexity == 1.0
    mixed = composition(varied + "A" * 30).low_complexity
    assert 0.4 < mixed < 0.8


def test_ambiguous_letters_are_counted() -> None:
    assert composition("ACGTNNRYACGTACGTACGT").ambiguous == 4
