from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench_helpers import a_table
from tower_helpers import random_residual

from cistrace.errors import DataError
from cistrace.motifs.library import load_library
from cistrace.mpra.associations import association_evidence, carried, design, fit_known_effects, fold_of
from cistrace.mpra.evidence_table import (
    EvidenceOrigin,
    EvidenceTable,
    digests_of,
    load_evidence,
    save_evidence,
)
from cistrace.reasonbench.subjects import scan_best
from cistrace.towers.cross_fit import FoldTower, tower_evidence, unseeing
from cistrace.towers.evidence import Towers

ABOUT = EvidenceOrigin(("K562", "liver cells"), "associations", "JASPAR2026", "1")
HELD = [frozenset({"chr1", "chr4"}), frozenset({"chr2", "unknown"}), frozenset({"chr3"})]


@pytest.mark.parametrize(
    ("chromosome", "places"),
    [("chr1", [0]), ("chr3", [2]), ("unknown", [1]), ("chr5", [0, 1, 2]), ("chr1-chr4", [0]), ("chr1-chr2", [0, 1]),
     ("chr5-chr3", [2])],
)  # fmt: skip
def test_only_towers_that_never_saw_a_row_speak_of_it(chromosome: str, places: list[int]) -> None:
    assert unseeing(chromosome, HELD) == places


def small_evidence() -> EvidenceTable:
    random = np.random.default_rng(0)
    return EvidenceTable(
        digests_of(["ACGT", "CCGT", "TTTT"]), random.normal(size=(3, 2)).astype(np.float32), np.array([0, 2, 2, 3]),
        random.normal(size=(3, 2)).astype(np.float32), ABOUT,
    )  # fmt: skip


def test_the_file_comes_back_and_rows_are_found_by_content(tmp_path: Path) -> None:
    path = tmp_path / "evidence.npz"
    made = small_evidence()
    save_evidence(made, path)
    back = load_evidence(path)
    assert back.about == ABOUT
    np.testing.assert_array_equal(back.contributions, made.contributions)
    np.testing.assert_array_equal(back.places(["TTTT", "ACGT"], "x"), [2, 0])
    with pytest.raises(DataError, match="no evidence for 1 of 2 sequences"):
        back.places(["TTTT", "AAAA"], "x")
    with pytest.raises(DataError, match="no evidence for HepG2, only for K562"):
        back.columns(["HepG2"], "x")


def test_a_torn_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "evidence.npz"
    save_evidence(small_evidence(), path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=r"evidence.npz: not a readable evidence file"):
        load_evidence(path)


def test_tower_evidence_is_that_of_the_towers_that_did_not_see_the_row() -> None:
    table = a_table(12, ("B",), length=60)
    hits = scan_best(table.sequences)
    towers = [FoldTower(Towers(tower, tower), held) for tower, held in _two_towers()]
    made = tower_evidence(table, hits, towers, ABOUT, lambda items, label: iter(items))
    said = [fold.towers.evidence(table.sequences, hits) for fold in towers]
    for row, chromosome in enumerate(table.chromosomes):
        who = unseeing(chromosome, [fold.held_out for fold in towers])
        expected = np.mean([said[number][row].estimates[1:] for number in who], axis=0)
        np.testing.assert_allclose(made.estimates[row], expected, atol=1e-5)
        lost = np.mean([said[number][row].contributions[:, 1:] for number in who], axis=0)
        np.testing.assert_allclose(made.contributions[made.first[row] : made.first[row + 1]], lost, atol=1e-5)


def _two_towers():  # type: ignore[no-untyped-def]
    return [
        (random_residual(0), frozenset({"chr1", "chr2"})),
        (random_residual(1), frozenset({"chr3"})),
    ]


def test_rows_without_chromosome_are_refused_by_towers() -> None:
    table = replace(a_table(4, ("B",), length=60), chromosomes=("chr1", "", "chr2", ""))
    towers = [FoldTower(Towers(tower, tower), held) for tower, held in _two_towers()]
    with pytest.raises(DataError, match="2 rows, first 'e1', have no chromosome"):
        tower_evidence(table, scan_best(table.sequences), towers, ABOUT, lambda items, label: iter(items))


def test_associations_find_what_was_planted_and_are_cross_fitted() -> None:
    table = a_table(600)
    hits = scan_best(table.sequences)
    names = carried(hits, load_library())
    made = design(table, names)
    training = np.array([chromosome != "chr6" for chromosome in table.chromosomes])
    evidence = association_evidence(table, training, names, made, ABOUT)
    for cell in range(2):
        for rows in (training, ~training):
            assert np.corrcoef(evidence.estimates[rows, cell], table.activity[rows, cell])[0, 1] > 0.7
    knowledge = fit_known_effects(table, training, made)
    strongest = max(knowledge.of("liver cells").items(), key=lambda item: item[1].effect / item[1].standard_error)
    families = {family for found in hits for hit in found if hit.name == strongest[0] for family in hit.families}
    assert families == {"Three-zinc finger Kruppel-related"}
    assert strongest[1].effect > 2 * strongest[1].standard_error
    # A row's own activity must not reach its evidence: change those of one fold, and only other folds' evidence moves.
    fold = fold_of(made.groups)
    other = np.where((fold == 0) & training, 9.0, 0.0)[:, None]
    changed = association_evidence(replace(table, activity=table.activity + other), training, names, made, ABOUT)
    mine = (fold == 0) & training
    np.testing.assert_array_equal(changed.estimates[mine], evidence.estimates[mine])
    assert np.abs(changed.estimates[training & ~mine] - evidence.estimates[training & ~mine]).min() > 0.1


def test_an_effect_is_shared_among_the_hits_of_a_tf() -> None:
    table = a_table(300)
    hits = scan_best(table.sequences)
    names = carried(hits, load_library())
    made = design(table, names)
    evidence = association_evidence(table, np.ones(300, dtype=bool), names, made, ABOUT)
    for row, found in enumerate(hits):
        lost = evidence.contributions[evidence.first[row] : evidence.first[row + 1]]
        assert len(lost) == len(found)
        by_name: dict[str, list[float]] = {}
        for hit, values in zip(found, lost):
            by_name.setdefault(hit.name, []).append(float(values[0]))
        assert all(len(set(values)) == 1 for values in by_name.values())


def test_folds_keep_groups_together_and_even() -> None:
    groups = np.array([f"chr{n % 7}" for n in range(700)])
    fold = fold_of(groups)
    assert all(len(set(fold[groups == name])) == 1 for name in set(groups))
    assert np.bincount(fold).tolist() == [300, 200, 200]
