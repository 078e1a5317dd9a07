"""What the mender gives meets every constraint; so does every sequence that a search scores."""

from __future__ import annotations

import numpy as np
from design_helpers import by_letters, letter_slopes
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cistrace.constraints.constraints import Constraints, NaturalElements, Region
from cistrace.constraints.contradictions import contradictions
from cistrace.design.archive import Archive
from cistrace.design.gradients import Gradients
from cistrace.design.mend import Draft, Mender, random_drafts
from cistrace.design.search import Search
from cistrace.design.settings import SearchSettings
from cistrace.io.codes import bases_of, codes_of
from cistrace.io.dna_sequence import DnaSequence

LENGTH = 40
START = "ACGTTGCATGCCATTGACGGATCTTGACCAGTTACAGGCA"

regions = st.lists(
    st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 12)).map(
        lambda pair: Region(pair[0], min(LENGTH, pair[0] + pair[1]))
    ),
    max_size=2,
)


@st.composite
def constraint_sets(draw: st.DrawFn, started: bool) -> Constraints:
    low = draw(st.integers(0, 10)) / 20
    return Constraints(
        gc=draw(st.none() | st.just((low, low + draw(st.integers(2, 10)) / 20))),
        forbidden_sites=tuple(draw(st.lists(st.sampled_from(["EcoRI", "BsaI", "GGNCC", "CATG"]), max_size=2))),
        longest_run=draw(st.none() | st.integers(2, 6)),
        keep_motifs=() if started else tuple(draw(st.lists(st.sampled_from(["GATA1", "CREB1"]), max_size=1))),
        avoid_motifs=tuple(draw(st.lists(st.sampled_from(["SP1", "HNF4A"]), max_size=1))),
        keep_regions=tuple(draw(regions)) if started else (),
        maximum_edits=draw(st.none() | st.integers(1, 12)) if started else None,
        natural=draw(st.none() | st.just(NaturalElements(("x",), ("ACGT" * 10,), 8, "x.fa"))),
        flanks=draw(st.sampled_from([("", ""), ("CCGAA", "TTCAA")])),
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.filter_too_much])
@given(constraint_sets(started=True), st.text("ACGT", min_size=LENGTH, max_size=LENGTH), st.integers(0, 2**32))
def test_children_of_a_start_are_mended_or_left_out(constraints: Constraints, text: str, seed: int) -> None:
    assume(not list(contradictions(constraints, LENGTH, 200, [DnaSequence("s", START)])))
    mender = Mender(constraints, LENGTH, (START,))
    start = codes_of(START)
    drafts = [Draft(codes_of(text), start, start), Draft(start.copy(), start)]
    kept = [place for region in constraints.keep_regions for place in range(region.start, region.end)]
    mended = mender.mended(drafts, np.random.default_rng(seed))
    assert mended[1] is not None and bases_of(mended[1]) == START  # a valid one stays as it is
    for codes in mended:
        if codes is not None:
            assert mender.checker.faults(bases_of(codes)) == ()
            assert (codes[kept] == start[kept]).all()
            assert (codes != start).sum() <= (constraints.maximum_edits or LENGTH)


@settings(max_examples=15)
@given(constraint_sets(started=False), st.integers(0, 2**32))
def test_random_sequences_are_mended(constraints: Constraints, seed: int) -> None:
    assume(not list(contradictions(constraints, LENGTH, 200)))
    random = np.random.default_rng(seed)
    mender = Mender(constraints, LENGTH)
    mended = mender.mended(random_drafts(12, LENGTH, constraints.gc or (0.3, 0.7), random), random)
    assert all(mender.checker.faults(bases_of(codes)) == () for codes in mended if codes is not None)


def test_most_random_sequences_can_be_mended() -> None:
    constraints = Constraints(
        gc=(0.45, 0.55), forbidden_sites=("EcoRI", "BsaI"), longest_run=3, keep_motifs=("HNF4A",), avoid_motifs=("SP1",)
    )
    random = np.random.default_rng(0)
    mended = Mender(constraints, 200).mended(random_drafts(100, 200, (0.45, 0.55), random), random)
    assert sum(codes is not None for codes in mended) >= 90


@settings(max_examples=6, deadline=None)
@given(constraint_sets(started=True), st.integers(0, 1000), st.sampled_from([None, letter_slopes]))
def test_a_search_scores_nothing_that_breaks_a_constraint(
    constraints: Constraints, seed: int, gradients: Gradients | None
) -> None:
    assume(not list(contradictions(constraints, LENGTH, 200, [DnaSequence("s", START)])))
    search = Search(by_letters, gradients, None, constraints, SearchSettings(4, LENGTH, 120, 3, seed), [START])
    while not search.done:
        search.step()
    archive: Archive = search.archive
    assert archive.calls <= 120
    assert archive.found[0].bases == START
    checker = Mender(constraints, LENGTH, (START,)).checker
    assert checker.met([one.bases for one in archive.found]).all()
    assert len({one.bases for one in archive.found}) == len(archive.found)
