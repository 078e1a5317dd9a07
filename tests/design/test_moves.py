"""Moves change what they may, and only that."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.card import TfEffect
from cistrace.cards.known_effects import KnownEffects
from cistrace.design.moves import climb, mutate, plant, recombine
from cistrace.design.sites import SiteCatalogue, natural_gaps, site_catalogue
from cistrace.io.codes import bases_of, codes_of, opposite
from cistrace.reward.objective import objective_of

dna = st.text("ACGT", min_size=20, max_size=60)
seeds = st.integers(0, 2**32)
frees = st.sets(st.integers(0, 19), min_size=1)


def catalogue() -> SiteCatalogue:
    effects = {
        "A": {"GATA1": TfEffect(1.0, 0.1), "HNF4A": TfEffect(1.0, 0.1), "CREB1": TfEffect(0.5, 0.1)},
        "B": {"GATA1": TfEffect(2.0, 0.1), "HNF4A": TfEffect(0.2, 0.1), "CREB1": TfEffect(0.1, 0.1)},
    }
    found = site_catalogue(KnownEffects(effects), objective_of(None, "A", ("B",), None, ("A", "B")))
    assert found is not None
    return found


SITES = catalogue()


@given(dna)
def test_codes_are_bases(bases: str) -> None:
    assert bases_of(codes_of(bases)) == bases
    assert bases_of(opposite(codes_of(bases))) == bases.translate(str.maketrans("ACGT", "TGCA"))[::-1]


@given(dna, frees, seeds)
def test_a_mutation_changes_free_places_alone_and_at_least_one(bases: str, free: set[int], seed: int) -> None:
    places = np.array(sorted(free))
    codes = codes_of(bases)
    child = mutate(codes, places, np.random.default_rng(seed))
    changed = set(np.flatnonzero(child != codes).tolist())
    assert changed and changed <= free
    assert bases_of(codes) == bases  # the parent stays as it was


@given(dna, dna, seeds)
def test_a_recombinant_has_every_base_of_one_of_the_two(one: str, other: str, seed: int) -> None:
    length = min(len(one), len(other))
    first, second = codes_of(one[:length]), codes_of(other[:length])
    child = recombine(first, second, np.random.default_rng(seed))
    assert ((child == first) | (child == second)).all()


@given(dna, frees, seeds)
def test_a_climb_changes_one_to_eight_free_places(bases: str, free: set[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    codes = codes_of(bases)
    gradient = random.normal(size=(4, len(codes))).astype(np.float32)
    changed = np.flatnonzero(climb(codes, gradient, np.array(sorted(free)), random) != codes).tolist()
    assert 1 <= len(changed) <= 8 and set(changed) <= free


def test_a_climb_prefers_what_the_gradient_promises() -> None:
    codes = codes_of("A" * 40)
    gradient = np.zeros((4, 40), dtype=np.float32)
    gradient[2, 7] = 5
    drawn = [climb(codes, gradient, np.arange(40), np.random.default_rng(seed)) for seed in range(50)]
    assert sum(child[7] == 2 for child in drawn) >= 48


@given(st.text("ACGT", min_size=40, max_size=80), seeds)
def test_what_is_planted_is_a_site_of_the_catalogue(bases: str, seed: int) -> None:
    codes = codes_of(bases)
    child = plant(codes, SITES, (), np.random.default_rng(seed))
    (hits,) = SITES.found([bases_of(child)])
    changed = np.flatnonzero(child != codes)
    assert any(not len(changed) or (hit.start <= changed[0] and changed[-1] < hit.end) for hit in hits)


def test_sites_stand_beside_others_at_natural_gaps() -> None:
    random = np.random.default_rng(0)
    start = codes_of("C" * 60 + bases_of(SITES.sites[0].words[0]) + "C" * 60)
    (hits,) = SITES.found([bases_of(start)])
    gaps = []
    for _ in range(200):
        child = plant(start, SITES, hits[:1], random)
        changed = np.flatnonzero(child != start)
        if len(changed) and changed[0] >= hits[0].end:
            gaps.append(int(changed[0]) - hits[0].end)
    assert gaps and np.median(gaps) < 40


def test_sites_are_those_that_go_with_the_objective() -> None:
    names = [site.name for site in SITES.sites]
    assert "GATA1" not in names and names[0] == "HNF4A"
    gains = [site.gain for site in SITES.sites]
    assert gains == sorted(gains, reverse=True) and min(gains) > 0
    assert all(abs(site.chances.sum() - 1) < 1e-9 for site in SITES.sites)


def test_without_known_effects_there_are_no_sites() -> None:
    objective = objective_of("activity", "A", (), None, ("A",))
    assert site_catalogue(None, objective) is None
    assert site_catalogue(KnownEffects({"A": {"GATA1": TfEffect(-1.0, 0.1)}}), objective) is None


def test_natural_gaps_are_shares() -> None:
    gaps = natural_gaps()
    assert abs(gaps.sum() - 1) < 1e-9 and (gaps > 0).all() and len(gaps) == 61
