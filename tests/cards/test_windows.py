from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cistrace.cards.cell_types import canonical_cell_types
from cistrace.cards.composition import composition
from cistrace.cards.windows import (
    SequenceWindow,
    Window,
    best_windows,
    flags,
    most_central,
    readable,
    reported_windows,
    scored_windows,
    tiles,
    windows,
)
from cistrace.errors import CellTypeError
from cistrace.io.dna_sequence import DnaSequence


@given(st.integers(20, 3000), st.sampled_from([50, 200]))
def test_every_base_has_a_quarter_of_its_window_on_either_side(length: int, size: int) -> None:
    found = windows(length, size)
    for base, place in enumerate(most_central(found, length).tolist()):
        left, right = base - found[place].start, found[place].end - 1 - base
        assert left >= 0 <= right
        assert left >= size // 4 or place == 0
        assert right >= size // 4 or place == len(found) - 1
        assert min(left, right) == max(min(base - one.start, one.end - 1 - base) for one in found)


@given(st.integers(20, 3000), st.sampled_from([50, 200]))
def test_windows_cover_every_base_and_overlap(length: int, size: int) -> None:
    found = windows(length, size)
    assert found[0].start == 0 and found[-1].end == length
    assert all(window.end - window.start == min(length, size) for window in found)
    assert all(left.start < right.start <= left.start + size // 2 for left, right in pairwise(found))


@given(st.text("ACGTN", min_size=201, max_size=900))
def test_windows_of_blanks_are_passed_over(bases: str) -> None:
    every = tiles(DnaSequence("a", bases), 200)
    known = [200 - at.bases.count("N") for at in every]
    kept = readable(every)
    assert kept == [at for at, count in zip(every, known) if count >= max(known) / 2]
    assert every[known.index(max(known))] in kept


def test_blanks_beside_dna_are_no_window() -> None:
    found = readable(tiles(DnaSequence("a", "N" * 400 + "ACGT" * 50), 200))
    assert [at.window for at in found] == [Window(300, 500), Window(400, 600)]


def gc(windows: Sequence[SequenceWindow]) -> NDArray[np.float64]:
    """Two cell types: one likes G, the other C."""
    return np.array([[at.bases.count("G"), at.bases.count("C")] for at in windows], dtype=np.float64)


def test_the_best_window_is_chosen_in_every_cell_type() -> None:
    sequence = DnaSequence("a", "A" * 100 + "C" * 60 + "A" * 400 + "G" * 50)
    assert [at.window.start for at in best_windows(sequence, 200, 2, gc)] == [410, 0]


@given(st.lists(st.text("ACGTN", min_size=20, max_size=700), min_size=1, max_size=6), st.integers(1, 9))
def test_scored_windows_are_those_reported_with_their_activities(texts: list[str], together: int) -> None:
    sequences = [DnaSequence(f"s{n}", bases) for n, bases in enumerate(texts)]
    asked: list[int] = []

    def counted(several: Sequence[SequenceWindow]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        asked.append(len(several))
        return gc(several), adenines(several)

    def adenines(several: Sequence[SequenceWindow]) -> NDArray[np.float64]:
        return np.array([at.bases.count("A") for at in several], dtype=np.float64)

    for choice, choose in (("best", lambda sequence: best_windows(sequence, 200, 2, gc)), ("all", None)):
        asked.clear()
        found = list(scored_windows(sequences, 200, choice, counted, together))  # type: ignore[arg-type]
        assert [(at, cell) for at, cell, _, _ in found] == list(reported_windows(sequences, 200, 2, choose))
        assert [score for _, _, score, _ in found] == [gc([at])[0, cell] for at, cell, _, _ in found]
        assert [apart for *_, apart in found] == [adenines([at])[0] for at, *_ in found]
        assert all(count >= together for count in asked[:-1])


def test_nothing_is_said_of_motifs_that_nobody_sought() -> None:
    sequence = DnaSequence("a", "ACGT" * 50)
    at = SequenceWindow(sequence, Window(0, 200))
    assert "no_motif" in flags(at, 200, composition(sequence.bases), 0)
    assert "no_motif" not in flags(at, 200, composition(sequence.bases), None)


def test_one_window_is_taken_unasked() -> None:
    def refuse(_: Sequence[SequenceWindow]) -> NDArray[np.float64]:
        raise AssertionError("asked")

    sequence = DnaSequence("a", "ACGT" * 40)
    assert best_windows(sequence, 200, 3, refuse) == [SequenceWindow(sequence, Window(0, 160))] * 3


def test_reported_windows_are_the_best_or_all() -> None:
    long, short = DnaSequence("a", "ACGT" * 75 + "N" * 300 + "C" * 100), DnaSequence("b", "ACGT" * 10)
    best = list(reported_windows([long, short], 200, 2, lambda one: best_windows(one, 200, 2, gc)))
    assert [(at.sequence.id, at.window.start, cell) for at, cell in best] == [
        ("a", 0, 0), ("a", 500, 1), ("b", 0, 0), ("b", 0, 1),
    ]  # fmt: skip
    every = list(reported_windows([long, short], 200, 1, None))
    assert [(at.sequence.id, at.window.start, at.window.end) for at, _ in every] == [
        ("a", 0, 200), ("a", 100, 300), ("a", 200, 400), ("a", 500, 700), ("b", 0, 40),
    ]  # fmt: skip  # those of blanks, 300-500 and 400-600, are left out


def test_flags_tell_how_a_row_met_the_model() -> None:
    short = DnaSequence("a", "ACGTNACGTTGCAGTCCATG")
    assert flags(SequenceWindow(short, Window(0, 20)), 200, composition(short.bases), 2) == ("padded", "ambiguous:1")
    long = DnaSequence("b", "A" * 500)
    assert flags(SequenceWindow(long, Window(100, 300)), 200, composition("A" * 200), 0) == (
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
