"""Sites that can be compared leave in one order, and those that a variant alters are told."""

from __future__ import annotations

import numpy as np

from cistrace.cards.sites import Site
from cistrace.motifs.hit import MotifHit
from cistrace.variants.paired_cards import evened
from cistrace.variants.windows import AlleleWindow

DNA = "ACGTTGCAAGTCCGATAGCTTGCACCGTATTAGCAGTC"


def site(start: int, archetype: str = "ETS", reach: int = 0) -> Site:
    hit = MotifHit("MA0028.3", "ELK1", frozenset({"Ets"}), start - reach, start + 6, "+", 9.0, 1e-5)
    return Site(start, start + 6, hit, "ELK1", archetype)


def weights(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def window(left: int, ref: str, alt: str) -> AlleleWindow:
    return AlleleWindow(0, left, ref, alt, DNA, DNA)


def test_sites_of_both_alleles_weigh_the_same() -> None:
    both = [site(0), site(8), site(30)]
    ref, alt = evened(both, both, weights(0.1, 0.5, 0.2), weights(0.3, 0.4, 0.2), window(20, "A", "C"))
    assert ref.tolist() == alt.tolist() == weights(0.3, 0.5, 0.2).tolist()


def test_what_the_variant_touches_goes_first() -> None:
    reaching = [site(0), site(12, reach=3), site(20)]
    ref, alt = evened(reaching, reaching, weights(9, 1, 2), weights(9, 1, 2), window(10, "A", "C"))
    assert np.argsort(-ref).tolist() == np.argsort(-alt).tolist() == [1, 0, 2]


def test_what_one_allele_alone_has_goes_first() -> None:
    ref, alt = evened(
        [site(0), site(30)], [site(0), site(30, "FOX")], weights(9, 1), weights(9, 2), window(15, "A", "C")
    )
    assert np.argsort(-ref).tolist() == np.argsort(-alt).tolist() == [1, 0]


def test_an_insertion_lies_between_two_bases() -> None:
    sites = [site(4), site(10)]
    ref, _ = evened(sites, sites, weights(1, 2), weights(1, 2), window(10, "", ""))
    assert ref.tolist() == weights(1, 2).tolist()
    ref, _ = evened(sites, sites, weights(1, 2), weights(1, 2), window(9, "", ""))
    assert np.argsort(-ref).tolist() == [0, 1]


def test_no_sites() -> None:
    ref, alt = evened([], [], weights(), weights(), window(10, "A", "C"))
    assert len(ref) == len(alt) == 0
