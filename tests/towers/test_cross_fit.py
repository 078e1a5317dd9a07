"""What a tower says of a row does not change with the row's label: real, tiny fits."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch
from bench_helpers import a_table
from numpy.typing import NDArray

from cistrace.io.regions import reverse_complement
from cistrace.mpra.table import MpraTable
from cistrace.towers.cross_fit import LEGNET, WHOLE, TowerRows, fit_job, new_tower, tower_jobs, tower_names, tower_rows
from cistrace.towers.encoding import base_codes
from cistrace.towers.fit import predict
from cistrace.towers.legnet import LegNet
from cistrace.towers.pool import SingleElement
from cistrace.towers.recipe import TowerFitRecipe, TowerRecipe
from cistrace.towers.residual import ResidualTower

RECIPE = TowerRecipe(light=TowerFitRecipe(epochs=1, batch_size=16))
ROWS = 90


def a_data_set(chromosomes: bool) -> MpraTable:
    """On five chromosomes or none; row 1 shares 45 bp with row 0, on the other strand and another chromosome."""
    table = a_table(ROWS, ("A", "B"), length=64)
    sequences = list(table.sequences)
    sequences[1] = reverse_complement(sequences[0][:45] + sequences[1][:19])
    splits = tuple("val" if row % 6 == 5 else "train" for row in range(ROWS))
    places = table.chromosomes if chromosomes else ("",) * ROWS
    return replace(table, sequences=tuple(sequences), splits=splits, chromosomes=places)


def further(table: MpraTable) -> list[SingleElement]:
    """Second measurements of a third of the rows, and twelve elements of its own, one of them row 2's relative."""
    second = [
        SingleElement(table.sequences[row], table.chromosomes[row], "A", 3 + 2 * float(table.activity[row, 0]))
        for row in range(0, ROWS, 3)
        if table.splits[row] == "train"
    ]
    other = a_table(112, ("A",), length=64)
    fresh = [
        SingleElement(other.sequences[row], "chr1", "A", 3 + 2 * float(other.activity[row, 0]))
        for row in range(100, 112)
    ]
    near = table.sequences[2][:50] + fresh[0].bases[:14]
    return [*second, *fresh, SingleElement(near, "chr1" if table.chromosomes[0] else "", "A", 4.0)]


def told_of(rows: TowerRows, of: list[int]) -> NDArray[np.float32]:
    """What the tower of each row's own fold says of it: estimates (rows, cell types)."""
    folds = rows.dealt.folds
    jobs = tower_jobs(folds.count)
    towers = {}
    for fold in {int(folds.own[row]) for row in of}:
        with TemporaryDirectory() as folder:
            towers[fold] = fit_job(jobs[fold], rows, RECIPE, 64, Path(folder) / "state").tower
    codes = base_codes([rows.dealt.sequences[row] for row in of], 64)
    return np.concatenate([predict(towers[int(folds.own[row])], codes[at : at + 1]) for at, row in enumerate(of)])


@cache
def before(chromosomes: bool, row: int) -> tuple[MpraTable, list[SingleElement], list[int], NDArray[np.float32]]:
    table = a_data_set(chromosomes)
    single = further(table)
    rows = tower_rows(table, single, 3)
    folds = rows.dealt.folds
    relatives = np.flatnonzero(folds.family == folds.family[row]).tolist()
    return table, single, relatives, told_of(rows, relatives)


@pytest.mark.pipeline
@pytest.mark.parametrize(("chromosomes", "row"), [(True, 0), (False, 2), (True, 9)])
def test_nothing_a_tower_says_of_a_row_changes_with_its_own_label_or_a_relatives(chromosomes: bool, row: int) -> None:
    torch.set_num_threads(1)
    table, single, relatives, expected = before(chromosomes, row)
    assert len(relatives) == {0: 2, 2: 2, 9: 1}[row]
    activity, changed = table.activity.copy(), list(single)
    names = {tower_rows(table, single, 3).dealt.sequences[at] for at in relatives}
    activity[[at for at in relatives if at < ROWS]] += [25.0, -12.0]
    changed = [replace(one, activity=one.activity - 40) if one.bases in names else one for one in single]
    assert changed != single
    rows = tower_rows(replace(table, activity=activity), changed, 3)
    np.testing.assert_array_equal(told_of(rows, relatives), expected)
    if row == 9:  # another row's tower has seen the label: it does say something else
        other = int(
            np.flatnonzero((rows.dealt.folds.own >= 0) & ~rows.dealt.folds.barred[:, rows.dealt.folds.own[9]])[0]
        )
        assert not np.array_equal(told_of(rows, [other]), told_of(tower_rows(table, single, 3), [other]))


def test_each_fold_has_a_tower_and_two_see_all() -> None:
    assert tower_names(3) == ("fold0", "fold1", "fold2", WHOLE, LEGNET)
    assert [job.fold for job in tower_jobs(3)] == [0, 1, 2, -1, -1]
    assert isinstance(new_tower(LEGNET, ("A",), 64, 0.1, 0), LegNet)
    assert isinstance(new_tower(WHOLE, ("A",), 64, 0.1, 0), ResidualTower)


def test_a_tower_sees_the_pooled_rows_that_are_not_barred() -> None:
    table = a_data_set(True)
    rows = tower_rows(table, further(table), 3)
    train = [row for row in range(ROWS) if table.splits[row] == "train"]
    assert rows.places.tolist() == [*train, *range(ROWS, ROWS + 13)]
    for fold in (0, 1, 2, -1):
        pooled, seen = rows.seen_by(fold)
        assert pooled.sequences == tuple(rows.dealt.sequences[place] for place in rows.places)
        expected = [at for at, place in enumerate(rows.places) if fold < 0 or not rows.dealt.folds.barred[place, fold]]
        assert seen.tolist() == expected
