"""Shortfalls are the edits that are missing, 0 exactly where a constraint is met."""

from __future__ import annotations

import pickle
from collections import Counter
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cistrace.constraints.checker import ConstraintChecker
from cistrace.constraints.constraints import Constraints, NaturalElements, Region

dna = st.text("ACGT", min_size=20, max_size=60)


def one(constraints: Constraints, bases: str, *starts: str) -> list[float]:
    return ConstraintChecker(constraints, starts).shortfalls([bases])[0].tolist()


def test_nothing_is_asked_by_default() -> None:
    checker = ConstraintChecker(Constraints())
    assert checker.kinds == ()
    assert checker.shortfalls(["ACGT", "A"]).shape == (2, 0)
    assert checker.met(["ACGT"]).tolist() == [True]


@given(dna, st.integers(0, 100), st.integers(0, 100))
def test_gc_is_counted_in_bases(bases: str, first: int, second: int) -> None:
    low, high = sorted((first / 100, second / 100))
    count, length = Counter(bases)["G"] + Counter(bases)["C"], len(bases)
    allowed = [number for number in range(length + 1) if low - 1e-12 <= number / length <= high + 1e-12]
    short = one(Constraints(gc=(low, high)), bases)[0]
    if allowed:
        assert short == min(abs(count - number) for number in allowed)
    else:
        assert short > 0


@given(dna, st.integers(1, 8))
def test_runs_are_counted_in_the_edits_that_break_them(bases: str, longest: int) -> None:
    runs = [len(list(group)) for _, group in groupby(bases)]
    assert one(Constraints(longest_run=longest), bases) == [sum(run // (longest + 1) for run in runs)]


@given(dna, dna)
def test_edits_and_kept_regions_are_counted_against_the_start(bases: str, start: str) -> None:
    length = min(len(bases), len(start))
    bases, start = bases[:length], start[:length]
    region, most = Region(2, 11), 5
    differ = [a != b for a, b in zip(bases, start)]
    asked = Constraints(keep_regions=(region,), maximum_edits=most)
    assert one(asked, bases, start) == [sum(differ[2:11]), max(0, sum(differ) - most)]


def test_without_starts_there_is_nothing_to_compare_with() -> None:
    checker = ConstraintChecker(Constraints(gc=(0, 1), keep_regions=(Region(0, 2),), maximum_edits=3))
    assert checker.kinds == ("gc",)


def test_of_several_starts_the_nearest_counts() -> None:
    asked = Constraints(maximum_edits=2)
    starts = ("A" * 20, "C" * 20)
    assert one(asked, "C" * 17 + "AAA", *starts) == [1.0]
    assert one(asked, "A" * 19 + "C", *starts) == [0.0]


def test_sites_and_runs_reach_over_the_junction() -> None:
    inside = Constraints(forbidden_sites=("EcoRI",), longest_run=4)
    outside = Constraints(forbidden_sites=("EcoRI",), longest_run=4, flanks=("CCGAA", "AAAGG"))
    bases = "TTC" + "ACGT" * 6 + "AA"
    assert one(inside, bases) == [0, 0]
    assert one(outside, bases) == [1, 1]
    assert ConstraintChecker(outside).faults(bases) == (
        "5 A in a row at 28-32, expected at most 4",
        "the site of EcoRI (GAATTC) at -2-3, expected none",
    )


def test_a_site_wholly_in_a_flank_is_not_the_designs() -> None:
    asked = Constraints(forbidden_sites=("EcoRI",), flanks=("GAATTCACGT", ""))
    assert one(asked, "ACGT" * 6) == [0]


@pytest.mark.parametrize("strand", ["GGTCTC", "GAGACC"])
def test_sites_count_on_both_strands(strand: str) -> None:
    assert one(Constraints(forbidden_sites=("BsaI",)), "ACGT" * 3 + strand + "ACGT" * 3) == [1]


def test_motifs_are_kept_and_avoided() -> None:
    with_gata, without = "ACGTACGTCC" + "CTAATCT" + "CCACGTACGT", "ACGT" * 7
    assert one(Constraints(avoid_motifs=("MA0035.5",)), with_gata) == [1]
    assert one(Constraints(avoid_motifs=("MA0035.5",)), without) == [0]
    assert one(Constraints(keep_motifs=("MA0035.5",)), with_gata) == [0]
    assert one(Constraints(keep_motifs=("MA0035.5",)), without)[0] >= 1
    assert ConstraintChecker(Constraints(keep_motifs=("MA0035.5",))).faults(without) == (
        "no hit of MA0035.5, expected one",
    )


def test_natural_elements_are_kept_away_from() -> None:
    natural = NaturalElements(("far", "near"), ("C" * 24, "ACGT" * 6), 5, "elements.fa")
    checker = ConstraintChecker(Constraints(natural=natural))
    assert checker.shortfalls(["ACGT" * 6, "ACGT" * 5 + "TTTT", "T" * 24])[:, 0].tolist() == [5, 2, 0]
    assert checker.faults("ACGT" * 6) == ("0 edits from 'near' of elements.fa, expected at least 5",)


EVERY = Constraints(
    gc=(0.3, 0.7),
    forbidden_sites=("EcoRI", "GGNCC"),
    longest_run=4,
    keep_motifs=("MA0035.5",),
    avoid_motifs=("SP1",),
    keep_regions=(Region(0, 3),),
    maximum_edits=30,
    natural=NaturalElements(("x",), ("ACGT" * 10,), 6),
    flanks=("GAA", "CC"),
)


@settings(max_examples=40)
@given(st.lists(dna, max_size=6), dna)
def test_met_and_words_say_what_shortfalls_say(sequences: list[str], start: str) -> None:
    checker = ConstraintChecker(EVERY, [start])
    short = checker.shortfalls(sequences)
    assert short.shape == (len(sequences), len(checker.kinds)) and short.dtype == np.float32
    assert checker.met(sequences).tolist() == (short == 0).all(axis=1).tolist()
    assert [not checker.faults(bases) for bases in sequences] == checker.met(sequences).tolist()
    for row, bases in zip(short, sequences):  # no row depends on its neighbours
        assert np.array_equal(checker.shortfalls([bases])[0], row)


def test_constraints_travel_between_processes() -> None:
    assert pickle.loads(pickle.dumps(EVERY)) == EVERY
    checker = ConstraintChecker(EVERY, ["ACGT" * 6])
    copied = pickle.loads(pickle.dumps(checker))
    assert copied.shortfalls(["GAATTC" * 5]).tolist() == checker.shortfalls(["GAATTC" * 5]).tolist()
