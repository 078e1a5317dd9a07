"""Moves: how one design is made of another. None asks the model; what they give is mended afterwards (`design.mend`).

`mutate` and `recombine` are those of AdaLead (Sinha et al. 2020, arXiv 2010.02141), `climb` draws substitutions by the
gradient of the model, `plant` puts in a whole site.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cistrace.design.sites import SiteCatalogue
from cistrace.io.codes import Codes
from cistrace.motifs.hit import MotifHit

Move = Literal["mutate", "recombine", "climb", "plant"]
MOVES: tuple[Move, ...] = ("mutate", "recombine", "climb", "plant")

MUTATIONS = 2.0  # a design and move, on average, beside the one that every move makes
STEPS = (1, 2, 3, 5, 8)  # substitutions that a climb makes together
TEMPERATURE = 0.5  # of the draw of substitutions, in standard deviations of their promised gains


def mutate(codes: Codes, free: NDArray[np.int64], random: np.random.Generator) -> Codes:
    """Put another base into one to a few of the free places.

    Parameters
    ----------
    codes : ndarray, uint8, shape (length,)
    free : ndarray, int64, shape (places,)
        Where bases may change; at least one.
    """
    count = min(len(free), 1 + int(random.poisson(MUTATIONS)))
    places = random.choice(free, count, replace=False)
    child = codes.copy()
    child[places] = (child[places] + random.integers(1, 4, count)) % 4
    return child


def recombine(codes: Codes, mate: Codes, random: np.random.Generator) -> Codes:
    """A stretch of another design of the same length, at its place."""
    first, last = sorted(random.choice(len(codes) + 1, 2, replace=False).tolist())
    child = codes.copy()
    child[first:last] = mate[first:last]
    return child


def climb(
    codes: Codes, gradient: NDArray[np.float32], free: NDArray[np.int64], random: np.random.Generator
) -> Codes:  # fmt: skip
    """Make several substitutions in free places, drawn by what the gradient promises of each.

    Parameters
    ----------
    gradient : ndarray, float32, shape (4, length)
        Of the objective, at these codes' one-hot.
    """
    gains = gradient[:, free] - gradient[codes[free], free]
    gains[codes[free], np.arange(len(free))] = -np.inf
    spread = float(gains[np.isfinite(gains)].std()) or 1.0
    # Gumbel's noise makes taking the largest a draw without replacement in proportion to exp(gain / temperature).
    noisy = gains / (TEMPERATURE * spread) + random.gumbel(size=gains.shape)
    bases, best = noisy.argmax(axis=0), noisy.max(axis=0)
    count = min(len(free), int(random.choice(STEPS)))
    chosen = np.argsort(-best, kind="stable")[:count]
    child = codes.copy()
    child[free[chosen]] = bases[chosen]
    return child


def plant(
    codes: Codes, catalogue: SiteCatalogue, hits: tuple[MotifHit, ...], random: np.random.Generator
) -> Codes:  # fmt: skip
    """Put a whole site in: beside one that is there, at a gap as natural neighbours have, or else anywhere.

    Parameters
    ----------
    hits : tuple of MotifHit
        The catalogue's sites in this design.
    """
    word = catalogue.word(random)
    if len(word) > len(codes):
        return codes.copy()
    start = _beside(len(codes), len(word), catalogue, hits, random)
    if start is None:
        start = int(random.integers(len(codes) - len(word) + 1))
    child = codes.copy()
    child[start : start + len(word)] = word
    return child


def _beside(
    length: int, width: int, catalogue: SiteCatalogue, hits: tuple[MotifHit, ...], random: np.random.Generator
) -> int | None:
    """A start at a natural gap before or behind one of the sites; None where there is none, or no room."""
    if not hits:
        return None
    hit, gap = hits[int(random.integers(len(hits)))], catalogue.gap(random)
    start = hit.end + gap if random.random() < 0.5 else hit.start - gap - width
    return start if 0 <= start <= length - width else None
