from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.backdrop import CompositionLine
from cistrace.cards.build import LARGEST as LARGEST_STATED
from cistrace.cards.build import CellSetting, evidence_card
from cistrace.cards.evidence import MOST_TOLD, SequenceEvidence
from cistrace.cards.found import FoundMotifs, found_motifs
from cistrace.cards.sites import Site
from cistrace.cards.windows import MINIMUM_KNOWN
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.library import load_library
from cistrace.mpra.table import MpraTable
from cistrace.traces.grounded import write
from cistrace.traces.verify import verify
from cistrace.training.pieces import LARGEST, NARROWEST, lent, redrawn, stretch, stretches, thin
from cistrace.writers.vocabulary import VocabularyNames

FOUND = found_motifs(
    [MotifHit("MA0028.3", "ELK1", frozenset(), 14 * n, 14 * n + 8, "+", 20.0 - n, 1e-6) for n in range(12)]
)
SITES = FOUND.sites
NAMES = VocabularyNames.of(load_library(), ("K562",), 200).sites


def test_thinning_keeps_order_and_half_of_the_time_as_many_as_can_be() -> None:
    assert len(SITES) == 12
    random = np.random.default_rng(0)
    thinned = [thin(SITES, random) for _ in range(900)]
    for kept in thinned:
        assert list(kept) == [site for site in SITES if site in kept]
    counts = Counter(len(kept) for kept in thinned)
    assert set(counts) == set(range(MOST_TOLD + 1))
    assert 430 < counts.pop(MOST_TOLD) < 580  # a half, and an eighth of the other half
    assert min(counts.values()) > 30 and max(counts.values()) < 85
    assert Counter(site for kept in thinned for site in kept).keys() == set(SITES)


def test_thinning_cannot_add_sites() -> None:
    random = np.random.default_rng(0)
    assert thin((), random) == ()
    assert all(len(thin(SITES[:1], random)) <= 1 for _ in range(20))


def test_half_of_the_stretches_are_whole_and_the_others_have_every_length() -> None:
    random = np.random.default_rng(0)
    bases = "".join(random.choice(list("ACGT"), 60))
    drawn = [stretch(bases, random, MINIMUM_KNOWN) for _ in range(4_000)]
    assert all(found in bases for found in drawn)
    lengths = Counter(map(len, drawn))
    assert 1_900 < lengths.pop(60) < 2_200
    assert set(lengths) == set(range(MINIMUM_KNOWN, 60))
    assert min(lengths.values()) > 20
    ends = {bases.index(found) + len(found) for found in drawn} | {bases.index(found) for found in drawn}
    assert {0, 60} <= ends


def test_other_rows_of_a_table_stay_whole() -> None:
    whole = ("ACGT" * 20, "TTGCA" * 20, "GGATC" * 20)
    table = MpraTable(
        ("a", "b", "c"), whole, ("chr1",) * 3, ("x_peak",) * 3, ("train",) * 3, np.arange(9.0).reshape(3, 3)
    )
    cut = stretches(table, np.array([1]), np.random.default_rng(0), MINIMUM_KNOWN)
    assert (cut.sequences[0], cut.sequences[2]) == (whole[0], whole[2])
    assert cut.sequences[1] in whole[1] and cut.sequences[1] != whole[1]
    assert table.sequences == whole


def names_of(sites: tuple[Site, ...]) -> list[tuple[str, str]]:
    return [(site.symbol, site.archetype) for site in sites]


def test_names_are_the_sites_own_or_a_few_or_any() -> None:
    random = np.random.default_rng(0)
    drawn = [redrawn(SITES, 200, NAMES, random) for _ in range(600)]
    own = sum(sites == SITES for sites in drawn)
    few = sum(len(set(names_of(sites))) <= 2 for sites in drawn) - own
    assert 110 < own < 190 and 200 < few < 280
    told = Counter(name for sites in drawn for name in names_of(sites))
    assert told.keys() <= {*NAMES, *names_of(SITES)}
    assert len(told) > 800  # nearly all of them


@given(seed=st.integers(0, 10_000), sites=st.integers(1, MOST_TOLD), bases=st.integers(20, 200))
def test_sites_lie_anywhere_and_none_on_anothers_bases(seed: int, sites: int, bases: int) -> None:
    placed = redrawn(SITES[:sites], bases, NAMES, np.random.default_rng(seed))
    assert len(placed) == sites
    if placed != SITES[:sites] and bases >= NARROWEST * sites:
        edges = [edge for site in placed for edge in (site.start, site.end)]
        assert edges == sorted(edges) and edges[0] >= 0 and edges[-1] <= bases
        assert all(site.width >= NARROWEST for site in placed)
        assert all((site.hit.start, site.hit.end) == (site.start, site.end) for site in placed)


def test_every_place_and_width_comes() -> None:
    random = np.random.default_rng(0)
    drawn = [redrawn(SITES[:1], 40, NAMES, random)[0] for _ in range(6_000)]
    assert {site.start for site in drawn} == set(range(36))
    assert {site.width for site in drawn} == set(range(5, 41))
    assert all(redrawn(SITES[:7], 34, NAMES, random)[0].start == SITES[0].start for _ in range(20))  # no room


def test_an_element_without_sites_has_none_to_draw_anew() -> None:
    random = np.random.default_rng(0)
    assert all(redrawn((), 20, NAMES, random) == () for _ in range(20))


def evidence(seed: int, told: int, size: float) -> SequenceEvidence:
    random = np.random.default_rng(seed)
    backdrops, amounts, interplay = (random.normal(0, size, (rows, 1)).astype(np.float32) for rows in (1, told, 1))
    return SequenceEvidence(
        backdrops[0] + amounts.sum(axis=0), backdrops[0], tuple(range(told)), amounts, (0, 1), interplay[0]
    )


@given(seed=st.integers(0, 10_000), sites=st.integers(0, MOST_TOLD), size=st.sampled_from([0.01, 0.3, 1.0]))
def test_what_is_lent_adds_up_and_fits_on_a_card(seed: int, sites: int, size: float) -> None:
    random = np.random.default_rng(seed)
    lenders = [evidence(seed + n, told, size) for n, told in enumerate((MOST_TOLD, 3, MOST_TOLD))]
    made = lent(sites, lenders, random)
    assert len(made.told) == len(made.amounts) <= sites and len(set(made.told)) == len(made.told)
    assert np.abs(made.amounts).sum() <= LARGEST + 1e-4
    assert made.estimates == pytest.approx(made.backdrops + made.amounts.sum(axis=0), abs=1e-5)
    assert np.abs(made.estimates).max() < LARGEST_STATED
    kept = redrawn(SITES[:sites], 200, NAMES, random)
    setting = CellSetting("K562", {}, CompositionLine(0.0, 0.0, 0.0), lambda total: 1)
    card = evidence_card("ACGTTGCATC" * 20, FoundMotifs(FOUND.hits, kept), made, 0, setting)
    assert verify(write(card), card).verified


def test_groups_and_partners_arise() -> None:
    random = np.random.default_rng(0)
    setting = CellSetting("K562", {}, CompositionLine(0.0, 0.0, 0.0), lambda total: 1)
    kinds: Counter[str] = Counter()
    for seed in range(600):
        sites = redrawn(thin(SITES, random), 200, NAMES, random)
        made = lent(len(sites), [evidence(seed, MOST_TOLD, 0.3)], random)
        card = evidence_card("ACGTTGCATC" * 20, FoundMotifs(FOUND.hits, sites), made, 0, setting)
        kinds.update({step.kind for step in write(card).steps})
    assert kinds["homotypic"] > 30 and kinds["pair"] > 5 and kinds["interplay"] > 120
