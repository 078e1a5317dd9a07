from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from bench_helpers import a_table
from numpy.typing import NDArray

from cistrace.cards.evidence import MOST_TOLD
from cistrace.cards.known_effects import KnownEffects
from cistrace.cards.sites import sites_of
from cistrace.io.regions import reverse_complement
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.library import load_library
from cistrace.motifs.scanner import site_scanner
from cistrace.mpra.associations import Associations, fit_associations
from cistrace.mpra.effects import Design, carried_motifs, design_of
from cistrace.mpra.evidence_table import EvidenceOrigin, EvidenceTable
from cistrace.mpra.folds import Folds, deal_folds
from cistrace.mpra.table import MpraTable
from cistrace.reasonbench.subjects import scan_listed

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
    design = design_of(table.sequences, carried_motifs(scan_listed(table.sequences), load_library()))
    return table, training, design, deal_folds(table.sequences, table.chromosomes, training)


@cache
def fitted(chromosomes: bool) -> tuple[Associations, EvidenceTable]:
    table, _, design, folds = prepared(chromosomes)
    fits = fit_associations(table, design, folds)
    return fits, fits.evidence(table.sequences, ORIGIN)


def told(fits: Associations, evidence: EvidenceTable, rows: NDArray[np.int64]) -> tuple[NDArray[np.floating], ...]:
    """All that cards of some rows would say: estimates, backdrops, amounts, known effects."""
    known = fits.known_effects(ORIGIN.cell_types)
    amounts = [evidence.amounts[evidence.first[row] : evidence.first[row + 1]] for row in rows]
    effects = [
        [(one.effect, one.standard_error) for one in known[fits.folds.own[row]].of(cell).values()]
        for row in rows
        for cell in ORIGIN.cell_types
    ]
    return evidence.estimates[rows], evidence.backdrops[rows], np.concatenate(amounts), np.array(effects)


@pytest.mark.parametrize("chromosomes", [True, False])
@pytest.mark.parametrize("row", [0, 151, 20, 171, 7, 5, 295])
def test_nothing_said_of_a_row_changes_with_its_own_label_or_a_relatives(row: int, chromosomes: bool) -> None:
    table, _, design, folds = prepared(chromosomes)
    before = fitted(chromosomes)
    relatives = np.flatnonzero(folds.family == folds.family[row])
    assert len(relatives) == (2 if row in (0, 151, 20, 171) else 1)
    activity = table.activity.copy()
    activity[relatives] += [30.0, -20.0]
    fits = fit_associations(replace(table, activity=activity), design, folds)
    after = fits, fits.evidence(table.sequences, ORIGIN)
    for one, other in zip(told(*before, relatives), told(*after, relatives), strict=True):
        np.testing.assert_array_equal(one, other)
    for relative in relatives.tolist():  # it may be of another fold, whose line the row's own label may not reach
        assert before[1].lines_of_row(relative, [0, 1]) == after[1].lines_of_row(relative, [0, 1])
    if folds.training[row]:  # what is said of others does change: the labels were read
        others = np.flatnonzero(~folds.barred[:, folds.own[row]] & (folds.own >= 0))
        assert np.abs(told(*before, others)[0] - told(*after, others)[0]).max() > 0.01


def test_what_was_planted_is_found_in_rows_that_no_fit_saw() -> None:
    table = a_table(600)
    hits = scan_listed(table.sequences)
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


def effects_of_hits(known: KnownEffects, cell: str, found: tuple[MotifHit, ...]) -> dict[tuple[str, int, str], float]:
    """What each surviving hit is worth: the effect of its TF, shared among the row's hits of that TF."""
    of_tf = Counter(hit.name for hit in found)
    effects = known.of(cell)
    return {
        (hit.matrix_id, hit.start, hit.strand): (effects[hit.name].effect if hit.name in effects else 0.0)
        / of_tf[hit.name]
        for hit in found
    }


def test_a_site_is_worth_what_its_surviving_hits_are() -> None:
    table, _, _, folds = prepared(True)
    fits, evidence = fitted(True)
    known = fits.known_effects(table.cell_types)
    scanned = site_scanner().scan(list(table.sequences))
    untold = 0
    for row, (best, every) in enumerate(zip(scan_listed(table.sequences), scanned, strict=True)):
        one = evidence.of_row(row, [0, 1])
        sites = sites_of(every)
        sums = np.zeros((len(sites), 2))
        for cell, name in enumerate(table.cell_types):
            worth = effects_of_hits(known[folds.own[row]], name, best)
            for place, site in enumerate(sites):
                on_it = [(hit.matrix_id, hit.start, hit.strand) for hit in (site.hit, *site.others)]
                sums[place, cell] = sum(worth.get(hit, 0.0) for hit in on_it)
        np.testing.assert_allclose(one.amounts, sums[list(one.told)], atol=6e-5 * 20)
        np.testing.assert_allclose(one.backdrops, one.estimates - sums.sum(axis=0), atol=6e-5 * 40)
        assert len(one.told) == min(MOST_TOLD, len(sites)) and one.pair is None and not one.interplay.any()
        sizes = np.abs(sums).max(axis=1, initial=0.0)
        left = np.delete(sizes, list(one.told))
        assert sizes[list(one.told)].min(initial=9) >= left.max(initial=0) - 2e-3
        untold += len(left)
    assert untold  # somewhere there were more than can be told


def test_the_backdrop_is_of_the_fit_without_any_motif() -> None:
    """Rows of the same composition columns and the same fold have the same one, whatever motifs they have."""
    _, _, design, folds = prepared(True)
    fits, evidence = fitted(True)
    own = folds.own[0]
    for row in np.flatnonzero(folds.own == own)[:10]:
        one = evidence.of_row(int(row), [0])
        line = fits.fits[own][0]
        matrix = design.matrix(np.array([row]))
        others = matrix[:, len(line.effects) :] @ line.others
        np.testing.assert_allclose(one.backdrops, np.ravel(others), atol=1e-4)
