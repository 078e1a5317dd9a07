from __future__ import annotations

from cistrace.cards.card import GrammarTag
from cistrace.cards.grammar import grammar_tags
from cistrace.motifs.hit import MotifHit


def hit(start: int, end: int, *families: str) -> MotifHit:
    return MotifHit("MA0001.1", "TF", frozenset(families), start, end, "+", 10.0, 1e-6)


def test_three_of_a_family_are_homotypic() -> None:
    hits = [hit(100, 110, "FOX"), hit(10, 20, "FOX"), hit(50, 60, "FOX", "HOX"), hit(0, 5, "HOX")]
    assert grammar_tags(hits) == (GrammarTag("homotypic", (0, 1, 2), "FOX", 100),)


def test_a_known_pair_takes_its_closest_members() -> None:
    hits = [hit(0, 10, "C4-GATA-related"), hit(60, 70, "C4-GATA-related"), hit(80, 88, "Tal-related")]
    assert grammar_tags(hits) == (GrammarTag("pair", (1, 2), "C4-GATA-related + Tal-related", 10),)


def test_a_pair_too_far_apart_or_overlapping_is_none() -> None:
    assert grammar_tags([hit(0, 10, "C4-GATA-related"), hit(41, 50, "Tal-related")]) == ()
    assert grammar_tags([hit(0, 10, "C4-GATA-related"), hit(5, 15, "Tal-related")]) == ()


def test_five_hits_in_sixty_bases_are_a_cluster() -> None:
    hits = [hit(start, start + 8, f"F{start}") for start in (0, 12, 24, 36, 52, 150)]
    assert grammar_tags(hits) == (GrammarTag("cluster", (0, 1, 2, 3, 4), "", 60),)
    assert grammar_tags(hits[1:]) == ()
