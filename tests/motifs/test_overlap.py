from __future__ import annotations

from card_helpers import bases, hit, hits
from hypothesis import given
from hypothesis import strategies as st

from cistrace.motifs.hit import MotifHit
from cistrace.motifs.overlap import best_of_family


def test_overlapping_hits_of_families_that_meet_keep_the_best() -> None:
    fos = hit("FOS::JUN", 10, 18, 12.0, "Fos-related", "Jun-related")
    batf = hit("BATF::JUN", 12, 20, 14.0, "B-ATF-related factors", "Jun-related")
    elk = hit("ELK1", 11, 19, 9.0, "Ets-related")
    apart = hit("JUN", 20, 28, 8.0, "Jun-related")
    assert best_of_family([fos, elk, apart, batf]) == (batf, elk, apart)


def test_hits_without_family_meet_only_their_own_name() -> None:
    first, again, other = hit("X", 0, 10, 9.0), hit("X", 5, 15, 8.0), hit("Y", 5, 15, 7.0)
    assert best_of_family([first, again, other]) == (first, other)


def test_a_hit_lost_to_a_lost_hit_stays() -> None:
    # b loses to a, and c overlaps only b: c stays, as greedy selection by score has it.
    a, b, c = hit("A", 0, 10, 9.0, "F"), hit("B", 5, 15, 8.0, "F"), hit("C", 12, 20, 7.0, "F")
    assert best_of_family([c, b, a]) == (a, c)


@given(bases.flatmap(lambda sequence: st.lists(hits(len(sequence)), max_size=12)))
def test_best_of_family_ignores_order_and_is_idempotent(found: list[MotifHit]) -> None:
    kept = best_of_family(found)
    assert best_of_family(kept) == kept
    assert {(h.start, h.end, round(h.score, 2)) for h in best_of_family(found[::-1])} == {
        (h.start, h.end, round(h.score, 2)) for h in kept
    }


def test_hits_alike_but_for_their_family_are_kept_whatever_their_order() -> None:
    first, second, third = hit("X", 1, 6, 5.0, "A"), hit("X", 1, 6, 5.0, "A", "B"), hit("X", 2, 7, 5.0, "B")
    assert best_of_family([first, second, third]) == best_of_family([third, second, first]) == (first, third)
