from __future__ import annotations

from card_helpers import hits
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.found import FoundMotifs, found_motifs
from cistrace.cards.sites import sites_of
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.overlap import best_of_family
from cistrace.motifs.scanner import DEFAULT_P_THRESHOLD


@given(st.lists(hits(120), max_size=15), st.randoms())
def test_hits_are_sorted_out_and_sites_are_of_all_of_them(found: list[MotifHit], random: object) -> None:
    motifs = found_motifs(found)
    assert motifs.hits == best_of_family(found)
    assert motifs.sites == sites_of(found)
    placed = [repr(hit) for site in motifs.sites for hit in (site.hit, *site.others)]
    assert sorted(placed) == sorted(map(repr, found))
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = found_motifs(shuffled)
    assert [(one.start, one.end, one.archetype) for one in again.sites] == [
        (one.start, one.end, one.archetype) for one in motifs.sites
    ]


def test_what_the_cell_does_not_express_is_a_hit_and_no_site() -> None:
    gata = MotifHit("MA0035.5", "GATA1", frozenset({"C4-GATA-related"}), 10, 17, "+", 9.0, 1e-6)
    elk = MotifHit("MA0028.3", "ELK1", frozenset({"Ets-related"}), 40, 49, "+", 11.0, 1e-7)
    found = found_motifs([gata, elk], frozenset({"GATA1"}))
    assert found.hits == (elk, gata)
    assert [site.symbol for site in found.sites] == ["GATA1"]
    assert found_motifs([gata, elk], frozenset()) == FoundMotifs((elk, gata), ())


def test_a_match_that_is_less_rare_than_a_hits_makes_a_site_alone() -> None:
    rare, common = hit_at(10, DEFAULT_P_THRESHOLD), hit_at(40, 1.01 * DEFAULT_P_THRESHOLD)
    found = found_motifs([rare, common])
    assert found.hits == (rare,)
    assert [site.start for site in found.sites] == [10, 40]


def hit_at(start: int, p_value: float) -> MotifHit:
    return MotifHit("MA0035.5", "GATA1", frozenset({"C4-GATA-related"}), start, start + 7, "+", 9.0, p_value)


def test_nothing_is_found_in_nothing() -> None:
    assert found_motifs([]) == FoundMotifs((), ())
