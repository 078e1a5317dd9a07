from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from bench_helpers import a_table
from numpy.typing import NDArray

from cistrace.io.regions import reverse_complement
from cistrace.motifs.library import load_library
from cistrace.mpra.associations import Associations, fit_associations
from cistrace.mpra.effects import Design, carried_motifs, design_of
from cistrace.mpra.evidence_table import EvidenceOrigin
from cistrace.mpra.folds import Folds, deal_folds
from cistrace.mpra.table import MpraTable
from cistrace.reasonbench.subjects import scan_best

ORIGIN = EvidenceOrigin(("K562", "liver cells"), "associations", "JASPAR2026", "1")


def related_table() -> MpraTable:
    """300 elements of which every tenth has a relative, on the other strand and another chromosome."""
    table = a_table(300)
    sequences = list(table.sequences)
    for row in range(0, 150, 10):
        sequences[row + 151] = reverse_complement(sequences[row][30:90] + sequences[row + 151][:60])
    return replace(table, sequences=tuple(sequences))


@cache
def prepared(chromosomes: bool) -> tuple[MpraTable, NDArray[np.bool_], Design, Folds]:
    table = related_table()
    if not chromosomes:
        table = replace(table, chromosomes=("",) * len(table))
    training = np.arange(len(table)) % 6 != 5  # chromosome 6
    design = design_of(table.sequences, carried_motifs(scan_best(table.sequences), load_library()))
    return table, training, design, deal_folds(table.sequences, table.chromosomes, training)


def told(fits: Associations, table: MpraTable, rows: NDArray[np.int64]) -> tuple[NDArray[np.floating], ...]:
    """All that cards of some rows would say: estimates, contributions, known effects."""
    evidence = fits.evidence(table.sequences, ORIGIN)
    known = fits.known_effects(table.cell_types)
    contributions = [evidence.contributions[evidence.first[row] : evidence.first[row + 1]] for row in rows]
    effects = [
        [(one.effect, one.standard_error) for one in known[fits.folds.own[row]].of(cell).values()]
        for row in rows
        for cell in table.cell_types
    ]
    return evidence.estimates[rows], np.concatenate(contributions), np.array(effects)


@pytest.mark.parametrize("chromosomes", [True, False])
@pytest.mark.parametrize("row", [0, 151, 20, 171, 7, 5, 295])
def test_nothing_said_of_a_row_changes_with_its_own_label_or_a_relatives(row: int, chromosomes: bool) -> None:
    table, _, design, folds = prepared(chromosomes)
    before = fit_associations(table, design, folds)
    relatives = np.flatnonzero(folds.family == folds.family[row])
    assert len(relatives) == (2 if row in (0, 151, 20, 171) else 1)
    activity = table.activity.copy()
    activity[relatives] += [30.0, -20.0]
    changed = replace(table, activity=activity)
    after = fit_associations(changed, design, folds)
    for one, other in zip(told(before, table, relatives), told(after, changed, relatives), strict=True):
        np.testing.assert_array_equal(one, other)
    if folds.training[row]:  # what is said of others does change: the labels were read
        others = np.flatnonzero(~folds.barred[:, folds.own[row]] & (folds.own >= 0))
        assert np.abs(told(before, table, others)[0] - told(after, changed, others)[0]).max() > 0.01


def test_what_was_planted_is_found_in_rows_that_no_fit_saw() -> None:
    table = a_table(600)
    hits = scan_best(table.sequences)
    design = design_of(table.sequences, carried_motifs(hits, load_library()))
    training = np.array([chromosome != "chr6" for chromosome in table.chromosomes])
    fits = fit_associations(table, design, deal_folds(table.sequences, table.chromosomes, training))
    evidence = fits.evidence(table.sequences, ORIGIN)
    for cell in range(2):
        for rows in (training, ~training):
            assert np.corrcoef(evidence.estimates[rows, cell], table.activity[rows, cell])[0, 1] > 0.7
    for known in fits.known_effects(table.cell_types):
        name, effect = max(known.of("liver cells").items(), key=lambda item: item[1].effect / item[1].standard_error)
        families = {family for found in hits for hit in found if hit.name == name for family in hit.families}
        assert families == {"Three-zinc finger Kruppel-related"}
        assert effect.effect > 2 * effect.standard_error


def test_an_effect_is_shared_among_the_hits_of_a_tf() -> None:
    table, _, design, folds = prepared(True)
    fits = fit_associations(table, design, folds)
    evidence, known = fits.evidence(table.sequences, ORIGIN), fits.known_effects(table.cell_types)
    for row, found in enumerate(scan_best(table.sequences)):
        told_of: dict[str, float] = {}
        for hit, values in zip(
            found, evidence.contributions[evidence.first[row] : evidence.first[row + 1]], strict=True
        ):
            told_of[hit.name] = told_of.get(hit.name, 0.0) + float(values[0])
        effects = known[folds.own[row]].of("K562")
        for name, total in told_of.items():
            assert total == pytest.approx(effects[name].effect if name in effects else 0.0, abs=6e-5)
