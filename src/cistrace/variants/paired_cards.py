"""Cards of both alleles whose amounts can be compared: sites that both have leave in one order.

Sites that one allele alone has, and those whose motif the variant touches, go before all others, so that cards state
their amounts.

An amount depends on which sites are gone before. Were either allele's sites ranked by themselves, two of about the same
weight could change places for nothing, and seem to be worth more, or less, than before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.build import CellSetting, evidence_card
from cistrace.cards.card import Card
from cistrace.cards.found import found_motifs
from cistrace.cards.sites import Site
from cistrace.motifs.scanner import Scanner
from cistrace.towers.evidence import Towers
from cistrace.towers.site_evidence import site_evidence
from cistrace.variants.fates import matched
from cistrace.variants.windows import AlleleWindow

CardPair = tuple[Card, Card]


@dataclass(frozen=True, eq=False)
class PairedCards:
    """Makes the evidence cards of both alleles.

    Parameters
    ----------
    towers : Towers
    scanner : Scanner
    settings : sequence of CellSetting
        Of the towers' cell types, in their order.
    expressed : frozenset of str or None
        Human symbols of the factors that the cells express: no other names a site.
    """

    towers: Towers
    scanner: Scanner
    settings: Sequence[CellSetting]
    expressed: frozenset[str] | None = None

    def cards(self, windows: Sequence[AlleleWindow], columns: Sequence[int]) -> list[list[CardPair]]:
        """Of every window, in every one of the towers' cell types asked for by `columns`, the two cards."""
        bases = [allele for window in windows for allele in (window.ref, window.alt)]
        found = [found_motifs(hits, self.expressed) for hits in self.scanner.scan(bases)]
        sites = [one.sites for one in found]
        weights = self.towers.weights(bases, sites)
        for at, window in enumerate(windows):
            weights[2 * at], weights[2 * at + 1] = evened(
                sites[2 * at], sites[2 * at + 1], weights[2 * at], weights[2 * at + 1], window
            )
        evidence = site_evidence(self.towers.given, self.towers.other, bases, sites, weights)
        made = [
            [evidence_card(letters, motifs, said, column, self.settings[column]) for column in columns]
            for letters, motifs, said in zip(bases, found, evidence, strict=True)
        ]
        return [list(zip(ref, alt, strict=True)) for ref, alt in zip(made[::2], made[1::2], strict=True)]


def evened(
    ref: Sequence[Site], alt: Sequence[Site], ref_weights: NDArray[np.float32], alt_weights: NDArray[np.float32],
    window: AlleleWindow,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:  # fmt: skip
    """Weights of both alleles' sites, shapes (sites,): of a site that both have, the larger of the two in either."""
    pairs = matched(ref, alt, window)
    most = max([0.0, *ref_weights.tolist(), *alt_weights.tolist()]) + 1
    ref_weights = ref_weights + most * _altered(ref, set(pairs), window.left, len(window.ref_allele))
    alt_weights = alt_weights + most * _altered(alt, set(pairs.values()), window.left, len(window.alt_allele))
    for at, there in pairs.items():
        ref_weights[at] = alt_weights[there] = max(ref_weights[at], alt_weights[there])
    return ref_weights, alt_weights


def _altered(sites: Sequence[Site], shared: set[int], start: int, width: int) -> NDArray[np.float32]:
    """1 for the sites that the other allele has not, or on whose motif this one lies; else 0.

    A motif may reach beyond the bases that its site owns. An empty allele lies between two bases.
    """
    found = []
    for at, one in enumerate(sites):
        first, last = min(one.start, one.hit.start), max(one.end, one.hit.end)
        found.append(at not in shared or (first < start + width and start < last))
    return np.array(found, dtype=np.float32)
