from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.cell_types import canonical_cell_types
from cistrace.cards.composition import composition
from cistrace.cards.windows import Window, flags, readable, windows
from cistrace.errors import CellTypeError
from cistrace.io.dna_sequence import DnaSequence


@given(st.integers(20, 3000), st.sampled_from([50, 200]))
def test_windows_cover_every_base_and_overlap(length: int, size: int) -> None:
    found = windows(length, size)
    assert found[0].start == 0 and found[-1].end == length
    assert all(window.end - window.start == min(length, size) for window in found)
    assert all(left.start < right.start <= left.start + size // 2 for left, right in pairwise(found))


@given(st.text("ACGTN", min_size=201, max_size=900))
def test_windows_of_blanks_are_passed_over(bases: str) -> None:
    tiles = windows(len(bases), 200)
    known = [200 - bases[tile.start : tile.end].count("N") for tile in tiles]
    kept = readable(bases, tiles)
    assert kept == [at for at in range(len(tiles)) if known[at] >= max(known) / 2]
    assert known.index(max(known)) in kept


def test_blanks_beside_dna_are_no_window() -> None:
    assert readable("N" * 400 + "ACGT" * 50, windows(600, 200)) == [3, 4]


def test_flags_tell_how_a_row_met_the_model() -> None:
    short = DnaSequence("a", "ACGTNACGTTGCAGTCCATG")
    assert flags(short, Window(0, 20), 200, composition(short.bases), 2) == ("padded", "ambiguous:1")
    long = DnaSequence("b", "A" * 500)
    assert flags(long, Window(100, 300), 200, composition("A" * 200), 0) == (
        "tiled:4", "window:101-300", "unusual_gc", "low_complexity", "no_motif",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (["all"], ("HepG2", "K562", "WTC11")),
        (["k562"], ("K562",)),
        (["WTC-11", "hep_g2", "HEPG2"], ("WTC11", "HepG2")),
    ],
)
def test_cell_types_are_found_by_alias(asked: list[str], found: tuple[str, ...]) -> None:
    assert canonical_cell_types(asked, ("HepG2", "K562", "WTC11")) == found


@pytest.mark.parametrize("asked", [["HeLa"], [], [""]])
def test_unknown_cell_types_are_refused(asked: list[str]) -> None:
    with pytest.raises(CellTypeError, match="cell type"):
        canonical_cell_types(asked, ("HepG2", "K562", "WTC11"))


def test_sknsh_has_one_name() -> None:
    assert canonical_cell_types(["SK-N-SH"], ("SKNSH",)) == canonical_cell_types(["sknsh"], ("SKNSH",)) == ("SKNSH",)
