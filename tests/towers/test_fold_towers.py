from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from bench_helpers import a_table
from table_helpers import one_line
from tower_helpers import random_residual

from cistrace.errors import DataError
from cistrace.mpra.dealt_rows import DEALT_ROWS, DealtRows, write_dealt_rows
from cistrace.mpra.evidence_table import EvidenceOrigin
from cistrace.mpra.folds import deal_folds
from cistrace.reasonbench.subjects import scan_best
from cistrace.towers.evidence import Towers
from cistrace.towers.files import save_tower
from cistrace.towers.fold_towers import DEALT, load_fold_towers, tower_evidence

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


def test_evidence_is_the_mean_of_the_towers_that_may_speak() -> None:
    table = a_table(12, ("B",), length=60)
    hits = scan_best(table.sequences)
    towers = [Towers(tower, tower) for tower in (random_residual(0), random_residual(1))]
    may_speak = np.array([[True, False], [False, True], [True, True]] * 4)
    made = tower_evidence(table, hits, towers, may_speak, ORIGIN, untracked)
    each = [tower.evidence(table.sequences, hits) for tower in towers]
    for row in range(12):
        who = np.flatnonzero(may_speak[row])
        expected = np.mean([each[number][row].estimates[1:] for number in who], axis=0)
        np.testing.assert_allclose(made.estimates[row], expected, atol=1e-5)
        lost = np.mean([each[number][row].contributions[:, 1:] for number in who], axis=0)
        np.testing.assert_allclose(made.contributions[made.first[row] : made.first[row + 1]], lost, atol=1e-5)


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
