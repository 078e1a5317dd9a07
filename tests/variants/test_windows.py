"""Both alleles' windows: the same flanks, as much as the model reads."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.variants.variant import Variant
from cistrace.variants.windows import FEWEST_FLANKING, NoWindow, PlacedVariant, place, shifts

GENOME = "".join(random.Random(5).choices("ACGT", k=400))


def placed(variant: Variant, genome: str = GENOME, size: int = 60, count: int = 1) -> PlacedVariant:
    return place(variant, lambda start, end: genome[start:end], len(genome), size, count)


def substitution(start: int, genome: str = GENOME) -> Variant:
    return Variant("c", start, genome[start], "A" if genome[start] != "A" else "C")


def test_a_substitution_stands_in_the_middle() -> None:
    one = placed(substitution(200))
    (window,) = one.windows
    assert (window.start, window.end, window.left) == (171, 231, 29) and not one.off_centre
    assert window.ref == GENOME[171:231]
    assert window.alt == GENOME[171:200] + one.variant.alt + GENOME[201:231]


def test_a_contigs_end_moves_the_window_inwards() -> None:
    first, last = placed(substitution(0)), placed(substitution(399))
    assert first.windows[0].start == 0 and last.windows[0].end == 400 and first.off_centre and last.off_centre
    assert len(first.windows[0].ref) == len(last.windows[0].ref) == 60


def test_an_element_no_longer_than_the_window_is_read_whole() -> None:
    (window,) = placed(substitution(10), GENOME[:60]).windows
    assert window.ref == GENOME[:60]
    (window,) = placed(substitution(10), GENOME[:40]).windows
    assert window.ref == GENOME[:40]


def test_unequal_alleles_share_their_flanks() -> None:
    deletion = placed(Variant("c", 199, GENOME[199:210], GENOME[199])).windows[0]
    assert len(deletion.ref) == 60 and len(deletion.alt) == 50
    head, tail = deletion.ref[: deletion.left], deletion.ref[deletion.left + 10 :]
    assert deletion.alt == head + tail
    insertion = placed(Variant("c", 199, GENOME[199], GENOME[199] + "GATTACA")).windows[0]
    assert len(insertion.ref) == 53 and len(insertion.alt) == 60
    assert insertion.alt.replace(insertion.alt_allele, "", 1) in (insertion.ref, insertion.alt[:0] + insertion.ref)


def test_places_of_the_alternative_window_on_the_references() -> None:
    window = placed(Variant("c", 199, GENOME[199:210], GENOME[199])).windows[0]
    left = window.left
    assert [window.on_reference(at) for at in (0, left, left + 1, 50)] == [0, left, left + 11, 60]
    window = placed(Variant("c", 199, GENOME[199], GENOME[199] + "GATTACA")).windows[0]
    left = window.left
    assert [window.on_reference(at) for at in (left, left + 3, left + 7, 60)] == [left, left, left, 53]


@pytest.mark.parametrize("count", range(1, 12))
def test_shifts(count: int) -> None:
    found = shifts(count, 200)
    assert found[0] == 0 and len(set(found)) == count
    assert max(map(abs, found)) == (0 if count == 1 else 60)


def test_windows_of_a_short_contig_that_are_the_same_count_once() -> None:
    assert len(placed(substitution(30), GENOME[:60], count=5).windows) == 1
    assert len(placed(substitution(200), count=5).windows) == 5


@pytest.mark.parametrize(
    ("variant", "reason"),
    [
        (Variant("c", 10, "A", "A"), "both alleles are the same"),
        (Variant("c", 100, GENOME[100:140], GENOME[100]), "is 39 bp long, expected at most 20"),
        (Variant("c", 100, GENOME[100], GENOME[100] + "ACGT" * 10), "is 40 bp long, expected at most 20"),
    ],
)
def test_what_has_no_window(variant: Variant, reason: str) -> None:
    with pytest.raises(NoWindow, match=reason):
        placed(variant)


def test_blanks_all_around_are_no_window() -> None:
    with pytest.raises(NoWindow, match="1 of the bases"):
        place(Variant("c", 50, "A", "C"), lambda start, end: "N" * (end - start), 100, 60)


@given(start=st.integers(0, 399), more=st.integers(0, 50), size=st.sampled_from([60, 61, 90]), count=st.integers(1, 4))
def test_what_lies_beyond_the_windows_changes_nothing(start: int, more: int, size: int, count: int) -> None:
    one = placed(substitution(start), size=size, count=count)
    first, last = min(each.start for each in one.windows), max(each.end for each in one.windows)
    if one.off_centre or first == 0 or last == len(GENOME):
        return
    part = GENOME[max(0, first - more) : last + more]
    moved = Variant("c", start - max(0, first - more), one.variant.ref, one.variant.alt)
    again = placed(moved, part, size, count)
    assert [(each.ref, each.alt) for each in again.windows] == [(each.ref, each.alt) for each in one.windows]


@given(start=st.integers(0, 380), width=st.integers(0, 15), alt=st.text(alphabet="ACGT", max_size=15), data=st.data())
def test_windows_are_the_genome_with_either_allele(start: int, width: int, alt: str, data: st.DataObject) -> None:
    variant = Variant("c", start, GENOME[start : start + width], alt)
    count = data.draw(st.integers(1, 5))
    try:
        one = placed(variant, count=count)
    except NoWindow:
        assert variant.ref == variant.alt or max(width, len(alt)) > 60 - 2 * FEWEST_FLANKING - 1
        return
    changed = GENOME[:start] + alt + GENOME[start + width :]
    for window in one.windows:
        assert window.ref == GENOME[window.start : window.end]
        assert changed[window.start : window.start + len(window.alt)] == window.alt
        assert max(len(window.ref), len(window.alt)) == 60
