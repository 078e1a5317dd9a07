"""The search: it climbs, it is the same for the same seed, it goes on to the same end, it keeps designs apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from design_helpers import by_letters, letter_slopes
from hypothesis import given
from hypothesis import strategies as st
from tower_helpers import random_legnet

from cistrace.constraints.constraints import Constraints
from cistrace.constraints.distances import edit_distances
from cistrace.constraints.site_limit import SiteLimit
from cistrace.design.archive import NOBODY, Archive, Found, Round, spread
from cistrace.design.designer import with_site_limit
from cistrace.design.gradients import gradients_of
from cistrace.design.search import Search
from cistrace.design.settings import MIX, SearchSettings, least_distance
from cistrace.errors import ConstraintError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.reward.module import RewardModule
from cistrace.reward.objective import objective_of

SETTINGS = SearchSettings(5, 60, 800, 6, 3)


def finished(search: Search) -> Search:
    while not search.done:
        search.step()
    return search


def new(settings: SearchSettings = SETTINGS) -> Search:
    return Search(by_letters, letter_slopes, None, Constraints(gc=(0.3, 0.7)), settings)


def test_it_climbs_and_keeps_designs_apart() -> None:
    search = finished(new())
    chosen = [search.archive.found[place] for place in search.chosen()]
    first = max(one.reward for one in search.archive.found if one.round == 0)
    assert len(chosen) == 5 and min(one.reward for one in chosen) > first + 0.1
    assert all(
        edit_distances([one.bases], [other.bases])[0, 0] >= 6 for one, other in combinations(chosen, 2)
    )  # fmt: skip
    assert [one.reward for one in chosen] == sorted((one.reward for one in chosen), reverse=True)
    assert SETTINGS.calls - 30 < search.archive.calls <= SETTINGS.calls


def test_equal_seeds_find_the_same_and_others_do_not() -> None:
    found = [finished(new(SearchSettings(5, 60, 400, 6, seed))).archive.found for seed in (3, 3, 4)]
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("kept", [1, 2, 5])
def test_an_interrupted_search_goes_on_to_the_same_end(kept: int) -> None:
    whole = new()
    rounds = []
    while not whole.done:
        rounds.append(whole.step())
    again = new()
    for round in rounds[:kept]:
        again.take(round)
    finished(again)
    assert again.archive.found == whole.archive.found
    assert again.archive.calls == whole.archive.calls
    assert again.chosen() == whole.chosen()


def test_rounds_end_it_too() -> None:
    search = finished(new(SearchSettings(5, 60, 10_000, 6, rounds=3)))
    assert search.archive.rounds == 4  # the first, and three


def test_it_ends_where_nothing_new_can_be_found() -> None:
    start = "ACGT" * 5
    search = Search(by_letters, None, None, Constraints(maximum_edits=1), SearchSettings(3, 20, 5_000, 1), [start])
    assert len(finished(search).archive.found) <= 61  # the start, and three substitutions at each of 20 places


def test_constraints_that_no_sequence_meets_end_it_at_once() -> None:
    impossible = Constraints(forbidden_sites=("SSS", "WWW", "SWS", "WSW", "SSW", "WWS"))
    search = Search(by_letters, None, None, impossible, SearchSettings(3, 60, 500, 1))
    with pytest.raises(ConstraintError, match="none could be mended to meet all"):
        search.step()


def test_moves_of_a_design_are_told_from_the_first_on() -> None:
    search = finished(new())
    for place in search.chosen():
        moves = search.archive.moves(place)
        assert moves[0] == "random" and set(moves[1:]) <= set(MIX)


def entry(bases: str, reward: float) -> Found:
    return Found(bases, reward, "random", NOBODY, NOBODY, 0)


@given(
    st.lists(st.tuples(st.text("ACGT", min_size=8, max_size=8), st.integers(0, 5)), unique_by=lambda row: row[0]),
    st.integers(1, 6),
    st.integers(0, 6),
)
def test_the_best_apart_are_greedy(rows: list[tuple[str, int]], count: int, apart: int) -> None:
    archive = Archive()
    archive.add(Round(0, tuple(entry(bases, reward) for bases, reward in rows), ()))
    expected: list[int] = []
    for place in sorted(range(len(rows)), key=lambda place: -rows[place][1]):
        near = [edit_distances([rows[place][0]], [rows[other][0]])[0, 0] < apart for other in expected]
        if len(expected) < count and not any(near):
            expected.append(place)
    assert archive.best(count, apart) == expected


def test_spread_is_the_share_of_bases_that_differ() -> None:
    archive = Archive()
    archive.add(Round(0, (entry("AAAA", 1), entry("AACC", 1), entry("AAAC", 1)), ()))
    assert spread(archive, [0, 1, 2]) == pytest.approx((2 + 1 + 1) / 3 / 4)
    assert spread(archive, [0]) == 0


def test_the_least_distance_is_what_is_asked_or_a_share_of_the_length() -> None:
    assert least_distance(Constraints(), 200, started=False) == 80
    assert least_distance(Constraints(), 200, started=True) == 20
    assert least_distance(Constraints(maximum_edits=5), 200, started=True) == 5
    assert least_distance(Constraints(distance_between=33), 200, started=False) == 33


def test_gradients_are_the_modules_and_do_not_depend_on_neighbours() -> None:
    module = RewardModule(random_legnet(), objective_of("activity", "A", (), None, ("A", "B")))
    codes = np.random.default_rng(0).integers(0, 4, (40, 60)).astype(np.uint8)
    gradients = gradients_of(module)
    found = gradients(codes)
    assert found.shape == (40, 4, 60) and found.dtype == np.float32
    assert np.array_equal(gradients(codes[35:]), found[35:])
    import torch

    hot = torch.eye(4)[torch.from_numpy(codes[:1].astype(np.int64))].transpose(1, 2)
    step = torch.zeros_like(hot)
    step[0, 1, 10] = 1e-2
    slope = (module(hot + step) - module(hot - step)).item() / 2e-2
    assert slope == pytest.approx(found[0, 1, 10], abs=2e-3)


def test_no_archetype_has_more_sites_than_natural_enhancers_have_unless_a_start_does() -> None:
    assert with_site_limit(Constraints()).sites_of_one == 3
    assert with_site_limit(Constraints(sites_of_one=9)).sites_of_one == 9
    stuffed = "GGTTAATGATTAACCACGTACGTCA" * 6
    most = with_site_limit(Constraints(), [DnaSequence("a", stuffed)]).sites_of_one
    assert most is not None and most > 3
    assert SiteLimit(most).counts([stuffed]).tolist() == [0] < SiteLimit(most - 1).counts([stuffed]).tolist()
    assert with_site_limit(Constraints(), [DnaSequence("a", "ACGT" * 30)]).sites_of_one == 3
