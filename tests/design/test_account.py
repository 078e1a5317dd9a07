"""Accounts of sets: counted by hand, and bounds that hold for any set."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judged_helpers import FIGURES

from cistrace.design.account import account_of
from cistrace.design.figures import figures_of
from cistrace.design.natural import NaturalSet, nearest_elements
from cistrace.io.regions import reverse_complement

DNA = st.text("ACGT", min_size=20, max_size=60)


def test_one_design_has_no_pairs() -> None:
    one = account_of(["ACGTA" * 8], [FIGURES])
    assert (one.apart, one.neighbour, one.word_distance, one.natural) == (None, None, None, None)
    assert one.designs == 1 and one.lengths == (40, 40) and one.gc == (0.5, 0.5, 0.5)


def test_distances_of_three() -> None:
    first = "ACGTTGCAAGTCCGATAGCTTGCACC"
    found = account_of([first, first, "T" + first[1:-1] + "G"], [FIGURES] * 3, natural_edits=[4, 9, 5])
    assert found.apart == (0, 2, 2)
    assert found.neighbour == pytest.approx(2 / 3)
    assert found.natural == (4, 5, 9)


def test_motifs_are_shares_of_sets() -> None:
    other = figures_of("ACGT" * 10, [])
    found = account_of(["ACGT" * 10] * 2, [FIGURES, other], starts=[other], natural=[FIGURES, FIGURES, other, other])
    assert [(one.archetype, one.designs, one.sites, one.starts, one.natural) for one in found.motifs] == [
        ("AP-1", 0.5, 1.0, 0.0, 0.5),
        ("SP/KLF", 0.5, 1.0, 0.0, 0.5),
    ]
    assert found.sites == 2.0


@settings(max_examples=30, deadline=None)
@given(st.lists(DNA, min_size=2, max_size=6))
def test_words_do_not_know_strands_and_stay_in_bounds(sequences: list[str]) -> None:
    figures = [figures_of(one, []) for one in sequences]
    found = account_of(sequences, figures)
    turned = account_of([reverse_complement(one) for one in sequences], figures)
    assert found.word_distance is not None and -1e-9 <= found.word_distance <= 1 + 1e-9
    assert turned.word_distance == pytest.approx(found.word_distance)
    assert 0 < found.distinct_words == turned.distinct_words < 1


def test_the_nearest_element_may_lie_on_the_other_strand() -> None:
    design = "ACGTTGCAAGTCCGATAGCTTGCACC"
    natural = NaturalSet("n.fa", ("far", "back"), ("T" * 26, reverse_complement(design[:-1] + "A")))
    (found,) = nearest_elements([design], natural)
    assert (found.id, found.edits) == ("back", 1)
