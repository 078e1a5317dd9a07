"""What no search could meet is refused before any begins, a line each."""

from __future__ import annotations

import pickle

import pytest

from cistrace.constraints.constraints import Constraints, NaturalElements, Region
from cistrace.constraints.contradictions import check_feasible, contradictions, free_places
from cistrace.errors import ConstraintError
from cistrace.io.dna_sequence import DnaSequence

START = DnaSequence("mine", "ACGTTGCA" * 5)


def found(constraints: Constraints, length: int = 40, *starts: DnaSequence) -> list[str]:
    return list(contradictions(constraints, length, 200, starts))


def test_what_can_be_met_is_let_through() -> None:
    asked = Constraints(
        gc=(0.4, 0.6), keep_motifs=("GATA1",), forbidden_sites=("EcoRI",), distance_between=10, flanks=("ACGT", "ACGT")
    )
    check_feasible(asked, 40, 200)
    check_feasible(Constraints(keep_regions=(Region(0, 10),), maximum_edits=5), 40, 200, [START])


@pytest.mark.parametrize("length", [0, 19, 201])
def test_lengths_that_the_model_cannot_take(length: int) -> None:
    (fault,) = found(Constraints(), length)
    assert fault.startswith(f"length: found {length}, expected 20 to 200 bp")


@pytest.mark.parametrize(
    ("constraints", "starts", "words"),
    [
        (Constraints(keep_regions=(Region(0, 40),)), (START,), "keep_regions: hold all 40 bp"),
        (Constraints(keep_regions=(Region(30, 41),)), (START,), "keep_regions: found 31-41"),
        (Constraints(keep_regions=(Region(0, 4),)), (), "keep_regions: found no start"),
        (Constraints(maximum_edits=4), (), "maximum_edits: found no start"),
        (Constraints(gc=(0.401, 0.402)), (), "gc: no number of 40 bases"),
        (Constraints(distance_between=41), (), "distance_between: found 41"),
        (
            Constraints(natural=NaturalElements(("a",), ("ACGT" * 15,), 61)),
            (),
            "natural: found distance 61, expected at most 60",
        ),
        (Constraints(distance_between=9, maximum_edits=4), (START,), "distance_between: found 9, expected at most 8"),
        (Constraints(forbidden_sites=("EcoRI",), flanks=("GAATTC", "")), (), "flanks: GAATTC holds the site of EcoRI"),
        (Constraints(keep_motifs=("CTCF",)), (), None),
        (Constraints(keep_motifs=("GATA1",), avoid_motifs=("GATA1",)), (), "keep_motifs: GATA1 cannot be kept"),
        (
            Constraints(keep_motifs=("MA0035.5",), forbidden_sites=("AATCT",)),
            (),
            "keep_motifs: MA0035.5 cannot be kept",
        ),
        (Constraints(gc=(0.6, 0.7)), (START,), "start 'mine': breaks its own constraints: GC 0.500"),
        (Constraints(forbidden_sites=("ACGTTG",)), (START,), "start 'mine': breaks its own constraints: the site of"),
        (Constraints(longest_run=1), (START,), "start 'mine': breaks its own constraints: 2 T in a row"),
        (Constraints(keep_motifs=("GATA1",)), (START,), "start 'mine': breaks its own constraints: no hit of GATA1"),
        (
            Constraints(natural=NaturalElements(("x",), (START.bases,), 3, "f.fa")),
            (START,),
            "start 'mine': breaks its own constraints: 0 edits from 'x' of f.fa",
        ),
    ],
)
def test_contradictions_are_told(constraints: Constraints, starts: tuple[DnaSequence, ...], words: str | None) -> None:
    faults = found(constraints, 40, *starts)
    if words is None:
        assert faults == []
    else:
        assert any(fault.startswith(words) for fault in faults), faults


def test_gc_that_kept_regions_rule_out() -> None:
    start = DnaSequence("rich", "GC" * 15 + "A" * 10)
    faults = found(Constraints(gc=(0.1, 0.5), keep_regions=(Region(0, 30),)), 40, start)
    assert faults[0].startswith("gc: with the kept regions of 'rich' a design has 0.750 to 1.000")


@pytest.mark.parametrize(
    ("bases", "words"),
    [("ACGT" * 9, "found 36 bp, expected the designs' 40"), ("ACGN" * 10, "found N, expected A, C, G")],
)
def test_starts_that_are_no_design(bases: str, words: str) -> None:
    assert words in found(Constraints(), 40, DnaSequence("it", bases))[0]


def test_all_are_told_at_once_and_the_error_travels() -> None:
    with pytest.raises(ConstraintError) as caught:
        check_feasible(Constraints(gc=(0.401, 0.402), distance_between=50), 40, 200)
    assert len(caught.value.faults) == 2
    assert pickle.loads(pickle.dumps(caught.value)).faults == caught.value.faults


def test_free_places_are_those_outside_kept_regions() -> None:
    assert free_places(Constraints(keep_regions=(Region(0, 3), Region(2, 5))), 8) == [5, 6, 7]
