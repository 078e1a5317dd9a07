"""What becomes of sites, by hand and as properties of any two cards."""

from __future__ import annotations

import pytest
from card_helpers import a_told_card, cards
from hypothesis import given

from cistrace.cards.card import Card
from cistrace.motifs.hit import MotifHit
from cistrace.variants.fates import SiteFate, fates, interplay_of, matched, span_on_reference
from cistrace.variants.windows import AlleleWindow

DNA = "ACGTTGCAAGTCCGATAGCTTGCACCGTATTAGCAGTC"


def hit(matrix: str, name: str, start: int, score: float = 9.0) -> MotifHit:
    return MotifHit(matrix, name, frozenset({name}), start, start + 8, "+", score, 1e-5)


def ets(start: int, score: float = 9.0) -> MotifHit:
    return hit("MA0028.3", "ELK1", start, score)


def fox(start: int, score: float = 9.0) -> MotifHit:
    return hit("MA0148.5", "FOXA1", start, score)


def window(left: int = 20, ref: str = "T", alt: str = "A", start: int = 100) -> AlleleWindow:
    head, tail = DNA[:left], DNA[left:]
    return AlleleWindow(start, left, ref, alt, head + ref + tail, head + alt + tail)


def test_every_fate() -> None:
    ref = a_told_card(DNA, [ets(0), fox(10, 9.0), ets(20, 9.5)], [0.3, 0.2, -0.1], 0.0, 0.5)
    alt = a_told_card(DNA, [ets(0), fox(10, 8.0), fox(20)], [0.35, 0.1, 0.4], 0.0, 0.9)
    found = {(one.fate, one.archetype): one for one in fates(ref, alt, window())}
    assert set(found) == {("kept", "ETS"), ("weakened", "FOX"), ("lost", "ETS"), ("gained", "FOX")}
    assert found["weakened", "FOX"] == SiteFate("weakened", "FOXA1", "FOX", 110, 118, "+", 9.0, 8.0, 0.2, 0.1)
    assert found["lost", "ETS"].change == pytest.approx(0.1) and found["gained", "FOX"].change == pytest.approx(0.4)
    assert found["kept", "ETS"].change == pytest.approx(0.05)
    (other,) = [one for one in fates(alt, ref, window()) if one.fate == "strengthened"]
    assert other.archetype == "FOX" and other.change == pytest.approx(0.1)


def test_sites_behind_a_deletion_are_the_same() -> None:
    shorter = window(12, "GATTA", "")
    ref = a_told_card(DNA, [ets(20)], [0.3], 0.0, 0.3)
    alt = a_told_card(DNA, [ets(15)], [0.3], 0.0, 0.3)
    (one,) = fates(ref, alt, shorter)
    assert one.fate == "kept" and (one.start, one.end) == (120, 128)


def test_a_site_all_within_an_insertion_stands_before_it() -> None:
    longer = window(12, "", "GATTACAGATTACA")
    (one,) = fates(a_told_card(DNA, [], [], 0.0, 0.0), a_told_card(DNA, [ets(14)], [0.2], 0.0, 0.2), longer)
    assert (one.fate, one.start, one.end) == ("gained", 111, 112)


def test_an_interplay_that_both_cards_tell_of_the_same_sites() -> None:
    hits = [ets(0), fox(10)]
    ref = a_told_card(DNA, hits, [0.5, 0.4], 0.0, 0.9, interplay=0.4)
    alt = a_told_card(DNA, hits, [0.5, 0.2], 0.0, 0.7, interplay=0.3)
    assert interplay_of(ref, alt, window()) == (0.4, 0.3)
    assert sorted(one.change or 0.0 for one in fates(ref, alt, window())) == pytest.approx([-0.15, 0.05])


def test_an_interplay_that_one_card_tells_is_given_back() -> None:
    hits = [ets(0), fox(10)]
    ref = a_told_card(DNA, hits, [0.5, 0.4], 0.0, 0.9, interplay=0.21)
    alt = a_told_card(DNA, hits, [0.5, 0.4], 0.0, 0.9, interplay=0.19)
    assert ref.ledger is not None and ref.ledger.interplay is not None and interplay_of(ref, alt, window()) is None
    assert all(abs(one.change or 0.0) <= 0.006 for one in fates(ref, alt, window()))


@given(ref=cards(), alt=cards())
def test_every_site_has_one_fate(ref: Card, alt: Card) -> None:
    at = window()
    found = fates(ref, alt, at)
    counted = [one.fate for one in found]
    both = len(matched(ref.sites, alt.sites, at))
    assert counted.count("lost") == len(ref.sites) - both and counted.count("gained") == len(alt.sites) - both
    assert len(found) == len(ref.sites) + len(alt.sites) - both


@given(card=cards())
def test_a_card_and_itself_differ_in_nothing(card: Card) -> None:
    same = window(20, "T", "T")
    assert all(one.fate == "kept" and one.change in (None, 0.0) for one in fates(card, card, same))


@given(ref=cards(), alt=cards())
def test_turned_round_gained_is_lost(ref: Card, alt: Card) -> None:
    def places(found: tuple[SiteFate, ...], fate: str) -> set[tuple[str, int, int]]:
        return {(one.archetype, one.start, one.end) for one in found if one.fate == fate}

    there, back = fates(ref, alt, window()), fates(alt, ref, window())
    assert places(there, "lost") == places(back, "gained") and places(there, "gained") == places(back, "lost")


def test_spans_are_on_the_reference() -> None:
    (site,) = a_told_card(DNA, [ets(14)], [0.2], 0.0, 0.2).sites
    assert span_on_reference(site, window(12, "GATTA", "")) == (19, 27)
    assert span_on_reference(site, window(0, "", "GATTACAGATTACAGATTACAGATTACA")) == (0, 1)
