"""Sites beyond a limit are those of cards, counted by archetype, the worst fitting first to go."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from cistrace.cards.sites import sites_of
from cistrace.constraints.checker import ConstraintChecker
from cistrace.constraints.constraints import Constraints
from cistrace.constraints.site_limit import SiteLimit
from cistrace.errors import ConstraintError
from cistrace.motifs.scanner import site_scanner

HNF1 = "GGTTAATGATTAACC"


def planted(count: int, seed: int = 0) -> str:
    """Sites of HNF1, ten random bases between them."""
    draw = random.Random(seed)
    return "".join(HNF1 + "".join(draw.choices("ACGT", k=10)) for _ in range(count))


@pytest.mark.parametrize("most", [1, 2, 3, 5])
def test_shortfalls_count_what_every_archetype_has_too_much(most: int) -> None:
    sequences = [planted(6), planted(2, 1), "ACGT" * 30]
    scanned = site_scanner().scan(sequences)
    expected = [
        sum(max(0, count - most) for count in Counter(site.archetype for site in sites_of(hits)).values())
        for hits in scanned
    ]
    assert expected[0] >= 6 - most
    checker = ConstraintChecker(Constraints(sites_of_one=most))
    assert checker.kinds == ("sites_of_one",)
    assert checker.shortfalls(sequences)[:, 0].tolist() == expected
    assert checker.met(sequences).tolist() == [count == 0 for count in expected]


def test_what_is_too_much_fits_no_better_than_what_stays() -> None:
    bases = planted(5)
    (hits,) = site_scanner().scan([bases])
    sites = [site for site in sites_of(hits) if site.archetype == "HNF1"]
    surplus = SiteLimit(3).surplus(bases)
    gone = [site for site in surplus if site.archetype == "HNF1"]
    assert len(gone) == len(sites) - 3
    chances = [(site in gone, site.hit.p_value or 0.0) for site in sites]
    assert max(p for goes, p in chances if not goes) <= min(p for goes, p in chances if goes)
    assert [site.start for site in surplus] == sorted(site.start for site in surplus)


def test_it_is_told_in_words_and_mended_where_it_stands() -> None:
    bases = planted(5)
    checker = ConstraintChecker(Constraints(sites_of_one=3))
    assert "5 sites of HNF1, expected at most 3" in checker.faults(bases)
    places = {(site.start, site.end) for site in SiteLimit(3).surplus(bases)}
    assert places <= set(checker.spans(bases))


def test_a_limit_of_none_is_refused() -> None:
    with pytest.raises(ConstraintError, match="sites_of_one: found 0, expected at least 1"):
        Constraints(sites_of_one=0)
