"""What natural elements have of what `design.figures` counts: quantiles over training elements, which ship.

`python docs/make_natural.py` makes the file.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache

import numpy as np

from cistrace.design.figures import ENTROPY_WORD, SequenceFigures
from cistrace.io.shipped import shipped_file

FILE = "natural_elements.json"
RARE = 0.999  # share of natural elements within the limit of an archetype's sites
UNUSUAL = 0.995  # share of natural elements within the limits of what is covered, and of repeats
LENGTH = 200  # bp, of the elements that limits are of
FEWEST_ALIKE = 4  # sites of one archetype that are never stuffing


@dataclass(frozen=True)
class NaturalReference:
    """Limits that few natural elements pass.

    Attributes
    ----------
    elements : int
        Of how many.
    covered, dust : float
        The largest share of bases in sites, and DUST score, of all but 0.5 % of them.
    entropy : float
        The least entropy of words of all but 0.5 %.
    archetypes : mapping of str to int
        The most sites that all but 0.1 % have, of archetypes of which they have more than `FEWEST_ALIKE` less one.
    """

    elements: int
    covered: float
    dust: float
    entropy: float
    archetypes: Mapping[str, int]

    def flags(self, figures: SequenceFigures) -> Iterator[str]:
        """`stuffed:ARCHETYPE:N`, `crowded`, `repetitive`: what a sequence has beyond natural elements."""
        for archetype, count in sorted(figures.archetypes.items()):
            if count > max(self.archetypes.get(archetype, 0), FEWEST_ALIKE - 1):
                yield f"stuffed:{archetype}:{count}"
        if figures.covered > self.covered:
            yield "crowded"
        if figures.dust > self.dust or figures.entropy < self._least_entropy(figures.length):
            yield "repetitive"

    def _least_entropy(self, length: int) -> float:
        """The limit for a sequence of another length: as far below the entropy of words that are all different."""
        return self.entropy + math.log2(max(1, length - ENTROPY_WORD + 1) / (LENGTH - ENTROPY_WORD + 1))


def reference_of(figures: Sequence[SequenceFigures]) -> NaturalReference:
    """The limits of some elements, of like length."""
    counts: dict[str, Counter[int]] = {}
    for one in figures:
        for archetype, count in one.archetypes.items():
            counts.setdefault(archetype, Counter())[count] += 1
    most = {archetype: _rare(found, len(figures)) for archetype, found in sorted(counts.items())}
    return NaturalReference(
        elements=len(figures),
        covered=round(float(np.quantile([one.covered for one in figures], UNUSUAL)), 4),
        dust=round(float(np.quantile([one.dust for one in figures], UNUSUAL)), 4),
        entropy=round(float(np.quantile([one.entropy for one in figures], 1 - UNUSUAL)), 4),
        archetypes={archetype: count for archetype, count in most.items() if count >= FEWEST_ALIKE},
    )


def _rare(counts: Counter[int], elements: int) -> int:
    """The least count that no more than a share of 1 - RARE of all elements pass."""
    beyond, allowed = 0, (1 - RARE) * elements
    for count in sorted(counts, reverse=True):
        beyond += counts[count]
        if beyond > allowed:
            return count
    return 0


def reference_text(reference: NaturalReference) -> str:
    """As JSON."""
    return json.dumps(asdict(reference), indent=1, ensure_ascii=False) + "\n"


@cache
def natural_reference() -> NaturalReference:
    """The limits that ship: of 200-bp elements of the training split."""
    return NaturalReference(**json.loads(shipped_file(FILE).read_text(encoding="utf-8")))
