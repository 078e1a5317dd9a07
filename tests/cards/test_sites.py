from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import log2

from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.sites import AS_GOOD, SHARED, WIDEST, Site, sites_of
from cistrace.motifs.archetypes import name_of
from cistrace.motifs.hit import MotifHit

NAMES = ("MA0079.5", "MA0139.2", "MA0106.3", "MA0140.3", "none")


def hit(start: int, end: int, p_value: float = 1e-6, matrix_id: str = "none", name: str = "TF") -> MotifHit:
    return MotifHit(matrix_id, name, frozenset(), start, end, "+", -log2(p_value), p_value)


@st.composite
def hit_lists(draw: st.DrawFn) -> list[MotifHit]:
    found = []
    for _ in range(draw(st.integers(0, 14))):
        start = draw(st.integers(0, 90))
        p_value = draw(st.sampled_from([1e-7, 1e-6, 3e-6, 1e-5]))
        found.append(hit(start, start + draw(st.integers(4, 24)), p_value, draw(st.sampled_from(NAMES))))
    return found


def test_hits_on_each_other_are_one_site_named_by_the_rarest() -> None:
    found = sites_of([hit(10, 20, 1e-5, name="a"), hit(12, 22, 1e-7, name="b"), hit(8, 18, 1e-6, name="c")])
    assert [(one.start, one.end, one.symbol, [other.name for other in one.others]) for one in found] == [
        (8, 22, "b", ["c", "a"])
    ]


def test_hits_that_share_less_than_half_part_their_bases() -> None:
    found = sites_of([hit(0, 12, 1e-7, name="a"), hit(8, 20, 1e-6, name="b")])
    assert [(one.start, one.end, one.symbol) for one in found] == [(0, 12, "a"), (12, 20, "b")]


def test_a_hit_of_which_too_little_is_left_stands_behind_the_site_it_overlaps() -> None:
    # Too wide together to be one, and 8 of its 30 bases left.
    found = sites_of([hit(0, 22, 1e-7, name="a"), hit(0, 30, 1e-6, name="b"), hit(22, 44, 1e-5, name="c")])
    assert [(one.start, one.end, one.symbol) for one in found] == [(0, 30, "a"), (30, 44, "c")]
    wide = sites_of([hit(20, 30, 1e-8, name="a"), hit(0, 10, 1e-7, name="b"), hit(2, 28, 1e-6, name="c")])
    assert [(one.start, one.end, one.symbol) for one in wide] == [(0, 10, "b"), (10, 30, "a")]
    assert [other.name for other in wide[1].others] == ["c"]


def test_what_a_cell_does_not_express_names_no_site() -> None:
    box = [hit(10, 20, 1e-9, "MA0140.3", "GATA1::TAL1"), hit(11, 19, 1e-6, "MA0036.4", "GATA2")]
    assert [one.symbol for one in sites_of(box)] == ["GATA1::TAL1"]
    assert [one.symbol for one in sites_of(box, frozenset({"GATA1", "GATA2"}))] == ["GATA2"]
    assert sites_of(box, frozenset()) == ()


def test_the_likeliest_archetype_names_a_site() -> None:
    # Three GC-box matrices at 1e-6 against a zinc finger of nobody's at 5e-7.
    box = [hit(10, 20, 1e-6, f"MA{number}", "KLF") for number in ("0599.1", "0740.2", "1512.2")]
    other = hit(9, 21, 5e-7, "MA1981.2", "ZNF530")
    assert [(one.archetype, one.symbol) for one in sites_of([*box[:1], other])] == [("ZNF530", "ZNF530")]
    assert [one.archetype for one in sites_of([*box, other])] == ["SP/KLF"]


def test_a_perfect_short_match_goes_before_a_poor_long_one() -> None:
    perfect = replace(hit(10, 18, 1.5e-5, "MA0060.4", "NFYA"), score=15.0)
    poor = replace(hit(5, 24, 6e-6, "MA2529.1", "ZNF772"), score=13.0)
    (site,) = sites_of([perfect, poor])
    assert (site.symbol, site.start, site.end, site.other_symbols) == ("NFYA", 5, 24, ("ZNF772",))


def test_a_pair_names_a_site_only_where_both_halves_are_there() -> None:
    half = [hit(14, 23, 1e-6, "MA0028.3", "ELK1"), hit(10, 22, 2e-7, "MA1953.2", "FOXO1::ELF1")]
    assert [one.archetype for one in sites_of(half)] == ["ETS"]
    both = [half[0], hit(10, 22, 5e-8, "MA1953.2", "FOXO1::ELF1")]
    assert [one.archetype for one in sites_of(both)] == ["ETS::FOX"]


def test_the_best_known_of_equally_good_factors_names_a_site() -> None:
    (site,) = sites_of([hit(10, 19, 2e-6, "MA0741.1", "KLF16"), hit(10, 19, 8e-6, "MA0079.5", "SP1")])
    assert (site.symbol, site.hit.p_value, site.other_symbols) == ("SP1", 8e-6, ("KLF16",))
    (site,) = sites_of([hit(10, 19, 2e-7, "MA0741.1", "KLF16"), hit(10, 19, 8e-6, "MA0079.5", "SP1")])
    assert (site.symbol, site.other_symbols) == ("KLF16", ("SP1",))


def test_other_symbols_are_ordered_and_each_once() -> None:
    names = [("MA0037.5", "GATA3", 3e-6), ("MA0036.4", "GATA2", 2e-6), ("MA0482.3", "GATA4", 1e-6)]
    hits = [hit(0, 8, p_value, *rest) for *rest, p_value in names]
    (site,) = sites_of([*hits, replace(hits[0], strand="-"), replace(hits[1], p_value=5e-6, start=1)])
    assert (site.symbol, site.other_symbols) == ("GATA2", ("GATA4", "GATA3"))
    assert len(site.others) == 4


def test_a_site_bears_the_human_symbol_and_its_archetype() -> None:
    (site,) = sites_of([hit(0, 8, 1e-6, "MA0037.5", "Gata3")])
    assert (site.symbol, site.archetype, site.hit.name) == ("GATA3", "GATA", "Gata3")


@given(hit_lists())
def test_every_hit_is_on_one_site_and_no_two_sites_share_a_base(hits: list[MotifHit]) -> None:
    sites = sites_of(hits)
    placed = [found for site in sites for found in (site.hit, *site.others)]
    assert sorted(map(repr, placed)) == sorted(map(repr, hits))
    for site, following in pairwise(sites):
        assert site.end <= following.start
    for site in sites:
        assert site.start < site.end
        lying = [one for one in (site.hit, *site.others) if lies_on(site, one)]
        best = max(one.score for one in lying if name_of(one.matrix_id, one.name).archetype == site.archetype)
        assert site.hit in lying and site.hit.score >= best - AS_GOOD
        assert site.start < site.hit.end and site.hit.start < site.end
        owned = min(site.end, site.hit.end) - max(site.start, site.hit.start)
        assert owned >= SHARED * site.hit.width
        assert site.width <= max(WIDEST, *(found.width for found in (site.hit, *site.others)))


def lies_on(site: Site, one: MotifHit) -> bool:
    return min(site.end, one.end) - max(site.start, one.start) >= SHARED * one.width


@given(hit_lists(), st.randoms())
def test_the_order_of_hits_changes_nothing(hits: list[MotifHit], random: object) -> None:
    shuffled = list(hits)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert [repr(site) for site in sites_of(shuffled)] == [repr(site) for site in sites_of(hits)]


@given(hit_lists(), st.integers(1, 40))
def test_sites_move_with_the_sequence(hits: list[MotifHit], by: int) -> None:
    moved = sites_of([replace(one, start=one.start + by, end=one.end + by) for one in hits])
    assert [(one.start - by, one.end - by, one.archetype) for one in moved] == [
        (one.start, one.end, one.archetype) for one in sites_of(hits)
    ]


def test_a_site_shows_itself_in_a_line() -> None:
    assert repr(Site(3, 9, hit(3, 9), "SP1", "SP/KLF", (hit(2, 9),))) == "<Site SP1 (SP/KLF) [3:9] +, 1 others fit>"
