from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from card_helpers import sequence_evidence
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.backdrop import fit_line
from cistrace.cards.composition import composition
from cistrace.cards.evidence import SequenceEvidence
from cistrace.errors import DataError
from cistrace.mpra.evidence_table import (
    ARRAYS,
    EvidenceOrigin,
    EvidenceTable,
    load_evidence,
    save_evidence,
    table_of,
)

ABOUT = EvidenceOrigin(("K562", "liver cells"), "associations", "JASPAR2026", "1")
SEQUENCES = ("ACGT", "CCGT", "TTTT")


def an_evidence(told: tuple[int, ...], pair: tuple[int, int] | None, seed: int) -> SequenceEvidence:
    random = np.random.default_rng(seed)
    draws = [random.normal(size=(size, 2)).astype(np.float32) for size in (3, len(told))]
    return SequenceEvidence(draws[0][0], draws[0][1], told, draws[1], pair, draws[0][2])


def some_evidence() -> list[SequenceEvidence]:
    return [an_evidence((4, 0), (0, 1), 0), an_evidence((), None, 1), an_evidence((2,), None, 2)]


def small_evidence() -> EvidenceTable:
    return table_of(SEQUENCES, some_evidence(), np.array([2, 0, 2]), ABOUT)


def same(one: SequenceEvidence, other: SequenceEvidence) -> None:
    assert (one.told, one.pair) == (other.told, other.pair)
    for name in ("estimates", "backdrops", "amounts", "interplay"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@given(
    st.lists(st.integers(0, 9).flatmap(lambda sites: sequence_evidence(sites, 2)), max_size=5), st.permutations([0, 1])
)
def test_every_row_has_its_own_evidence_back(found: list[SequenceEvidence], columns: list[int]) -> None:
    sequences = ["ACGT" * (row + 1) for row in range(len(found))]
    table = table_of(sequences, found, np.zeros(len(found), dtype=int), ABOUT)
    assert len(table.first) == len(found) + 1 and table.first[-1] == len(table.amounts) == len(table.told)
    for row, one in enumerate(found):
        same(table.of_row(row, columns), one.of_columns(columns))
    assert [table.pairs.shape, table.interplay.shape] == [(len(found), 2), (len(found), 2)]
    assert table.lines.shape == (min(1, len(found)), 2, 3)


def test_lines_are_fitted_to_the_backdrops_of_a_group_alone() -> None:
    sequences = ["ACGTTCA"[: 3 + row % 5] * (2 + row % 3) for row in range(80)]
    found = [an_evidence((), None, row) for row in range(80)]
    groups = np.array([3, -1] * 40)
    table = table_of(sequences, found, groups, ABOUT)
    for group in (3, -1):
        rows = np.flatnonzero(groups == group)
        measured = [composition(sequences[row]) for row in rows]
        expected = fit_line(measured, np.array([found[row].backdrops for row in rows]))
        assert {table.lines_of_row(int(row), [1, 0]) for row in rows} == {expected[::-1]}


def test_the_file_comes_back_and_rows_are_found_by_content(tmp_path: Path) -> None:
    path = tmp_path / "evidence.npz"
    made = small_evidence()
    save_evidence(made, path)
    back = load_evidence(path)
    assert back.about == ABOUT
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(back, name), getattr(made, name))
        assert getattr(back, name).dtype == getattr(made, name).dtype
    for row, one in enumerate(some_evidence()):
        same(back.of_row(row, [0, 1]), one)
    np.testing.assert_array_equal(back.places(["TTTT", "ACGT"], "x"), [2, 0])
    with pytest.raises(DataError, match="no evidence for 1 of 2 sequences"):
        back.places(["TTTT", "AAAA"], "x")
    assert back.columns(["liver cells", "K562"], "x") == [1, 0]
    with pytest.raises(DataError, match="no evidence for HepG2, only for K562"):
        back.columns(["HepG2"], "x")


def test_a_table_of_no_row_is_one(tmp_path: Path) -> None:
    path = tmp_path / "evidence.npz"
    save_evidence(table_of([], [], np.empty(0, dtype=int), ABOUT), path)
    back = load_evidence(path)
    assert (back.estimates.shape, back.amounts.shape, back.lines.shape) == ((0, 2), (0, 2), (0, 2, 3))
    with pytest.raises(DataError, match="no evidence for 1 of 1 sequences"):
        back.places(["AAAA"], "x")


def test_a_torn_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "evidence.npz"
    save_evidence(small_evidence(), path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=r"evidence.npz: not a readable evidence file"):
        load_evidence(path)


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_of_another_length_are_named(name: str, tmp_path: Path) -> None:
    made = small_evidence()
    save_evidence(replace(made, **{name: getattr(made, name)[:-1]}), tmp_path / "evidence.npz")
    with pytest.raises(DataError, match=r"evidence.npz: its arrays disagree in length; make it again"):
        load_evidence(tmp_path / "evidence.npz")


def test_evidence_of_an_earlier_version_is_to_be_made_again(tmp_path: Path) -> None:
    made = small_evidence()
    np.savez(tmp_path / "evidence.npz", digests=made.digests, estimates=made.estimates, first=made.first, about="{}")
    with pytest.raises(DataError, match="not a readable evidence file"):
        load_evidence(tmp_path / "evidence.npz")


def test_what_a_file_claims_beyond_reason_is_refused(tmp_path: Path) -> None:
    made, path = small_evidence(), tmp_path / "evidence.npz"
    for about in ("[" * 100_000, "[]", '{"cell_types": 3}'):
        np.savez(path, **{name: getattr(made, name) for name in ARRAYS}, about=about)
        with pytest.raises(DataError, match="not a readable evidence file"):
            load_evidence(path)
    save_evidence(replace(made, first=made.first[:0]), path)
    with pytest.raises(DataError, match="disagree in length"):
        load_evidence(path)
