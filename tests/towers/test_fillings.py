from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from motif_helpers import random_sequences

from cistrace.motifs.scanner import Scanner, card_scanner
from cistrace.towers.fillings import NeutralBases, Place, blanks, drawn_bases


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return card_scanner()


@st.composite
def places(draw: st.DrawFn) -> Place:
    bases = draw(st.text("ACGTN", min_size=8, max_size=60))
    start = draw(st.integers(0, len(bases) - 2))
    return Place(bases, start, draw(st.integers(start + 1, len(bases))))


def test_blanks_and_what_they_fill() -> None:
    place = Place("ACGTACGT", 2, 5)
    assert blanks([place]) == ["NNN"]
    assert place.filled("NNN") == "ACNNNCGT"


@given(places())
def test_drawn_bases_are_as_many_and_the_same_again(place: Place) -> None:
    found = drawn_bases(place, 3)
    assert [len(one) for one in found] == [place.end - place.start] * 3
    assert set("".join(found)) <= set("ACGT")
    assert drawn_bases(place, 3) == found


def test_drawn_bases_have_the_sequences_dinucleotides() -> None:
    place = Place("GC" * 400, 100, 400)
    first, second = drawn_bases(place, 2)
    assert sum(first[at : at + 2] in ("GC", "CG") for at in range(299)) > 280
    assert first != second


def test_few_motifs_fit_neutral_bases(scanner: Scanner) -> None:
    asked = [Place(bases, start, start + 20) for bases in random_sequences(6, 120) for start in (0, 40, 100)]
    found = NeutralBases(scanner)(asked)

    def hits_upon(filling: str, place: Place) -> int:
        (hits,) = scanner.scan([place.filled(filling)])
        return sum(hit.start < place.end and place.start < hit.end for hit in hits)

    for place, filling in zip(asked, found, strict=True):
        draws = drawn_bases(place, 8)
        assert filling in draws
        assert hits_upon(filling, place) == min(hits_upon(one, place) for one in draws)
    assert sum(hits_upon(one, place) == 0 for one, place in zip(found, asked, strict=True)) >= 15


def test_no_place_no_filling(scanner: Scanner) -> None:
    assert NeutralBases(scanner)([]) == []
