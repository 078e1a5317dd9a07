from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from card_helpers import setting
from numpy.typing import NDArray

from cistrace.cards.build import paper_card
from cistrace.cards.evidence import SequenceEvidence
from cistrace.cards.found import found_motifs
from cistrace.cards.maker import CardMaker
from cistrace.cards.sites import Site
from cistrace.cards.windows import Window
from cistrace.io.dna_sequence import DnaSequence

# A GATA site, then an SP/KLF site, in bases of no motif's.
DNA = "TTTTTCTTATCTTTTTTTTT" + "TTTTTGGGGGCGGGGCTTTT" + "T" * 40


class Counts:
    """A model for which every base of a site is worth 0.01 in one cell type and -0.02 in the other."""

    cell_types = ("A", "B")

    def estimate(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[bases.count("G"), -bases.count("G")] for bases in sequences], np.float32) * np.float32(0.1)

    def evidence(self, sequences: Sequence[str], sites: Sequence[Sequence[Site]]) -> list[SequenceEvidence]:
        return [self._of(*one) for one in zip(self.estimate(sequences), sites, strict=True)]

    def _of(self, estimate: NDArray[np.float32], sites: Sequence[Site]) -> SequenceEvidence:
        amounts = np.array([[0.01 * site.width, -0.02 * site.width] for site in sites], np.float32).reshape(-1, 2)
        told = tuple(range(len(sites)))[:7]
        return SequenceEvidence(
            estimate, estimate - amounts.sum(axis=0), told, amounts[: len(told)], None, np.zeros(2, np.float32)
        )


def a_maker(window: int = 80, expressed: frozenset[str] | None = None) -> CardMaker:
    settings = [setting(cell_type="A"), setting(cell_type="B")]
    return CardMaker(("A", "B"), window, Counts(), settings, expressed)


def test_a_card_holds_the_sites_of_its_sequence_and_the_models_sum() -> None:
    first, second = a_maker().cards([DnaSequence("s", DNA)], ("B", "A"))
    assert [one.card.cell_type for one in (first, second)] == ["B", "A"]
    assert {site.archetype for site in first.card.sites} >= {"GATA", "SP/KLF"}
    for one, each in ((first, -0.02), (second, 0.01)):
        assert one.card.ledger is not None
        amounts = {site.start: site.amount for site in one.card.sites if site.amount is not None}
        assert amounts == {s.start: round(each * (s.end - s.start), 2) for s in one.card.sites if s.amount is not None}
        estimate = DNA.count("G") / 10 * (1 if each > 0 else -1)
        assert (one.card.ledger.total, round(one.estimate or 0, 4)) == (round(estimate, 2), round(estimate, 4))


def test_what_the_cell_does_not_express_names_no_site() -> None:
    gata = frozenset(f"GATA{number}" for number in range(1, 7))
    (one,) = a_maker(expressed=gata).cards([DnaSequence("s", DNA)], ("A",))
    (site,) = one.card.sites
    assert site.archetype == "GATA" and {site.tf, *site.others} <= gata
    assert {hit.name for hit in one.card.hits} - gata


def test_without_a_model_cards_are_the_papers() -> None:
    maker = CardMaker(("A", "B"), 80)
    (one,) = maker.cards([DnaSequence("s", DNA)], ("A",))
    (hits,) = maker.scanner.scan([DNA])
    assert one.card == paper_card(DNA, "A", found_motifs(hits).hits)
    assert one.estimate is None and one.card.ledger is None


def test_the_best_window_is_each_cell_types_own() -> None:
    long = DnaSequence("s", DNA + "ACGT" * 20 + "AAAA" * 20)
    a, b = a_maker().cards([long], ("A", "B"))
    assert a.at.window == Window(80, 160)
    assert b.at.window == Window(160, 240)
    assert a.card.bases == a.at.bases
    every = list(a_maker().cards([long], ("A", "B"), "all"))
    assert [one.at.window.start for one in every] == [0, 0, 40, 40, 80, 80, 120, 120, 160, 160]


def test_a_sequence_is_without_motif_where_it_has_neither_hit_nor_site() -> None:
    (nothing,) = a_maker().cards([DnaSequence("s", "ANCNGNTN" * 5)], ("A",))
    assert "no_motif" in nothing.flags
    for bases in (DNA, "ANCNGNTN" * 5, "TTTTTCTTATCTTTTTTTTT"):
        (one,) = a_maker().cards([DnaSequence("s", bases)], ("A",))
        assert ("no_motif" in one.flags) == (not one.card.hits and not one.card.sites)
    assert nothing.card.ledger is not None
