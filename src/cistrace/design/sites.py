"""Whole sites to put into designs: of which TFs, which words, and how far from the sites that are there.

TFs are those whose presence goes with what is to be reached: the objective of a TF's known effects in the cell types,
against the objective of none. Words are drawn from a matrix as its TF binds them. Gaps between a site and its neighbour
are drawn from those of natural elements (`data/spacings.json`, by `docs/make_spacings.py`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.known_effects import KnownEffects
from cistrace.constraints.motif_rules import MotifFinder, named_motifs
from cistrace.constraints.words import hit_words
from cistrace.io.codes import Codes, codes_of, opposite
from cistrace.io.shipped import shipped_file
from cistrace.motifs.archetypes import matrix_names
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.motif import Motif
from cistrace.reward.objective import Objective

SPACINGS = "spacings.json"
ARCHETYPES = 40  # of the largest effects
WORDS = 64  # best words of a matrix, of which one is drawn
_PSEUDOCOUNT = 0.5
_NO_EFFECT = 1e-12  # so that none is divided by none


@dataclass(frozen=True, eq=False)
class PlantedSite:
    """A kind of site: its TF, its words as codes, how likely each is drawn, and what its presence goes with."""

    name: str
    matrix_id: str
    words: tuple[Codes, ...]
    chances: NDArray[np.float64]
    gain: float


@dataclass(frozen=True, eq=False)
class SiteCatalogue:
    """Sites to put in, by falling gain; draws are in proportion to it.

    Attributes
    ----------
    sites : tuple of PlantedSite
    gaps : ndarray, float64, shape (longest gap + 1,)
        How often natural neighbours lie 0, 1, 2, ... bases apart; sums to 1.
    """

    sites: tuple[PlantedSite, ...]
    gaps: NDArray[np.float64]

    def word(self, random: np.random.Generator) -> Codes:
        """A site's word, on either strand."""
        gains = np.array([site.gain for site in self.sites])
        site = self.sites[int(random.choice(len(gains), p=gains / gains.sum()))]
        word = site.words[int(random.choice(len(site.words), p=site.chances))]
        return word if random.random() < 0.5 else opposite(word)

    def gap(self, random: np.random.Generator) -> int:
        """Bases between a site and its neighbour."""
        return int(random.choice(len(self.gaps), p=self.gaps))

    def found(self, sequences: Sequence[str]) -> list[tuple[MotifHit, ...]]:
        """Where sites of the catalogue stand in sequences."""
        return MotifFinder([site.matrix_id for site in self.sites]).hits(sequences)


def site_catalogue(effects: KnownEffects | None, objective: Objective) -> SiteCatalogue | None:
    """The sites that go with an objective; None where nothing is known of TFs, or none goes with it.

    Of every archetype the TF with the largest gain stands for all.
    """
    best: dict[str, tuple[float, Motif]] = {}
    for name, gain in _gains(effects, objective).items():
        for motif in named_motifs(name) if gain > 0 else ():
            archetype = matrix_names()[motif.matrix_id].archetype
            if archetype not in best or gain > best[archetype][0]:
                best[archetype] = (gain, motif)
    ranked = sorted(best.values(), key=lambda pair: (-pair[0], pair[1].matrix_id))[:ARCHETYPES]
    sites = tuple(_planted(motif, gain) for gain, motif in ranked)
    return SiteCatalogue(sites, natural_gaps()) if sites else None


def _gains(effects: KnownEffects | None, objective: Objective) -> dict[str, float]:
    """What the presence of each TF adds to the objective, each effect shrunk by what of it may be error."""
    if effects is None:
        return {}
    columns = [effects.of(name) for name in objective.columns]
    names = [name for name in columns[0] if all(name in column for column in columns)] if columns else []
    if not names:
        return {}
    amounts = np.array([[column[name].effect for column in columns] for name in names], dtype=np.float32)
    errors = np.array([[column[name].standard_error for column in columns] for name in names], dtype=np.float32)
    nothing = objective.values(np.zeros_like(amounts[:1]))
    shrunk = amounts**3 / (amounts**2 + errors**2 + _NO_EFFECT)
    gains = objective.values(shrunk) - nothing
    return dict(zip(names, gains.tolist()))


def _planted(motif: Motif, gain: float) -> PlantedSite:
    words = tuple(map(codes_of, hit_words(motif, WORDS)))
    shares = motif.values + _PSEUDOCOUNT
    logs = np.log(shares / shares.sum(axis=1, keepdims=True))
    likely = np.array([logs[np.arange(len(word)), word].sum() for word in words])
    chances = np.exp(likely - likely.max())
    return PlantedSite(motif.name, motif.matrix_id, words, chances / chances.sum(), gain)


@cache
def natural_gaps() -> NDArray[np.float64]:
    """Shares of the gaps between neighbouring sites in natural elements: float64 (longest gap + 1,)."""
    counts = np.array(json.loads(shipped_file(SPACINGS).read_text(encoding="utf-8"))["gaps"], dtype=np.float64)
    return counts / counts.sum()
