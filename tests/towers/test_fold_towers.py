from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from bench_helpers import a_table
from table_helpers import one_line
from tower_helpers import random_residual

from cistrace.cards.backdrop import fit_line
from cistrace.cards.composition import composition
from cistrace.cards.evidence import MOST_TOLD
from cistrace.cards.sites import sites_of
from cistrace.errors import DataError
from cistrace.motifs.scanner import site_scanner
from cistrace.mpra.dealt_rows import DEALT_ROWS, DealtRows, write_dealt_rows
from cistrace.mpra.evidence_table import EvidenceOrigin
from cistrace.mpra.folds import deal_folds
from cistrace.towers.evidence import Towers
from cistrace.towers.files import save_tower
from cistrace.towers.fold_towers import DEALT, load_fold_towers, together, tower_evidence

ORIGIN = EvidenceOrigin(("B",), "towers", "JASPAR2026", "1")

_Item = TypeVar("_Item")


def untracked(items: Iterable[_Item], what: str, total: int | None = None) -> Iterator[_Item]:
    return iter(items)


def a_run(folder: Path, digest: str | None = None) -> DealtRows:
    """Three random towers of a run on 24 elements."""
    table = a_table(24, ("A", "B"), length=60)
    folds = deal_folds(table.sequences, table.chromosomes, np.ones(24, dtype=bool), 3)
    dealt = DealtRows(table.sequences, table.chromosomes, folds)
    write_dealt_rows(dealt, folder / DEALT_ROWS)
    for fold in range(3):
        save_tower(random_residual(fold), folder / f"tower-fold{fold}.safetensors", {DEALT: digest or dealt.digest})
    return dealt


def test_towers_that_may_speak_give_evidence_as_one_model() -> None:
    """Of which each estimate and backdrop is the mean of theirs, and amounts add up."""
    table = a_table(12, ("B",), length=60)
    towers = [Towers(tower, tower) for tower in (random_residual(0), random_residual(1))]
    may_speak = np.array([[True, False], [False, True], [True, True]] * 4)
    made = tower_evidence(table, towers, may_speak, ORIGIN, untracked)
    found = [sites_of(hits) for hits in site_scanner().scan(list(table.sequences))]
    for row, (bases, sites) in enumerate(zip(table.sequences, found, strict=True)):
        who = [towers[number] for number in np.flatnonzero(may_speak[row])]
        one = made.of_row(row, [0])
        blank = bases
        for site in sites:
            blank = blank[: site.start] + "N" * site.width + blank[site.end :]
        for array, text in ((one.estimates, bases), (one.backdrops, blank)):
            expected = np.mean([tower.estimate([text])[0, 1] for tower in who])
            np.testing.assert_allclose(array, [expected], atol=1e-5)
        (expected_row,) = together(who, [bases], [sites])
        assert (one.told, one.pair) == (expected_row.told, expected_row.pair)
        np.testing.assert_allclose(one.amounts, expected_row.amounts[:, 1:], atol=1e-6)
        np.testing.assert_allclose(one.interplay, expected_row.interplay[1:], atol=1e-6)
        if len(sites) <= MOST_TOLD:
            np.testing.assert_allclose(one.backdrops + one.amounts.sum(axis=0), one.estimates, atol=1e-5)


def test_what_one_tower_says_does_not_change_where_it_speaks_alone() -> None:
    table = a_table(4, ("A", "B"), length=60)
    tower = Towers(random_residual(0), random_residual(0))
    found = [sites_of(hits) for hits in site_scanner().scan(list(table.sequences))]
    for one, alone in zip(
        together([tower], table.sequences, found), tower.evidence(table.sequences, found), strict=True
    ):
        assert (one.told, one.pair) == (alone.told, alone.pair)
        np.testing.assert_allclose(one.amounts, alone.amounts, atol=1e-6)


def test_lines_of_composition_are_those_of_the_backdrops() -> None:
    table = a_table(40, ("B", "A"), length=60)
    tower = Towers(random_residual(0), random_residual(0))
    origin = EvidenceOrigin(("B", "A"), "towers", "JASPAR2026", "1")
    made = tower_evidence(table, [tower], np.ones((40, 1), dtype=bool), origin, untracked)
    measured = [composition(bases) for bases in table.sequences]
    assert made.lines_of_row(7, [0, 1]) == fit_line(measured, made.backdrops)
    np.testing.assert_allclose(made.estimates, tower.estimate(table.sequences)[:, ::-1], atol=1e-5)


def test_a_runs_towers_know_what_they_saw(tmp_path: Path) -> None:
    dealt = a_run(tmp_path)
    found = load_fold_towers(tmp_path)
    assert len(found.towers) == 3 and found.dealt.digest == dealt.digest and len(found.digest) == 64


@pytest.mark.parametrize("held_out", ['["chr1", "chr4"]', '["group3"]'])
def test_towers_that_say_chromosomes_or_groups_alone_are_refused(held_out: str, tmp_path: Path) -> None:
    """As earlier versions wrote them: nothing in the file says which relatives they saw."""
    save_tower(random_residual(), tmp_path / "tower-fold0.safetensors", {"held_out": held_out})
    message = one_line(load_fold_towers, tmp_path, error=DataError)
    assert "tower-folds.parquet: does not say which rows the towers have seen" in message


def test_towers_of_another_run_and_none_at_all_are_refused(tmp_path: Path) -> None:
    assert "holds no tower-fold*" in one_line(load_fold_towers, tmp_path, error=DataError)
    a_run(tmp_path, "0" * 64)
    assert "was not fitted on the rows" in one_line(load_fold_towers, tmp_path, error=DataError)
