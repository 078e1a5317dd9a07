"""Sites: the places of a sequence at which motifs were found, each counted once.

One GC box is hit by a dozen matrices of SP and KLF factors. Hits that overlap are one site, named by the archetype that
has most support; the others that fit stand behind it. No two sites share a base, so that what a site is worth can be
asked for by taking its bases away.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from cistrace.motifs.archetypes import name_of
from cistrace.motifs.hit import MotifHit

WIDEST = 30  # bp that merged hits may span; one matrix may be wider by itself
SHARED = 0.5  # of the shorter of two, from which on they are one site
PAIR_ODDS = 0.01  # a pair of factors names a site where its match is a hundred times as rare as that of one alone
EQUALLY_RARE = 10  # ratio of p-values up to which the better known of two factors of an archetype names a site


@dataclass(frozen=True, slots=True, repr=False)
class Site:
    """A stretch of a sequence that one or more motifs fit.

    Attributes
    ----------
    start, end : int
        0-based, half-open: the bases that the site owns.
    hit : MotifHit
        The one that names the site; it may reach beyond what the site owns.
    symbol : str
        Of the human TF that the matrix stands for; `hit.matrix_id` says which matrix.
    archetype : str
        Of the matrices that look like it: see `motifs.archetypes`.
    others : tuple of MotifHit
        That fit too, best supported first.
    """

    start: int
    end: int
    hit: MotifHit
    symbol: str
    archetype: str
    others: tuple[MotifHit, ...] = ()

    @property
    def width(self) -> int:
        return self.end - self.start

    @property
    def other_symbols(self) -> tuple[str, ...]:
        """Of the others that fit, best supported first, each once; the one that names the site is not among them."""
        symbols = dict.fromkeys(name_of(hit.matrix_id, hit.name).symbol for hit in self.others)
        return tuple(symbol for symbol in symbols if symbol != self.symbol)

    def __repr__(self) -> str:
        more = f", {len(self.others)} others fit" if self.others else ""
        return f"<Site {self.symbol} ({self.archetype}) [{self.start}:{self.end}] {self.hit.strand}{more}>"


@dataclass(slots=True)
class _Growing:
    """A site while hits still join it, best supported first."""

    start: int
    end: int
    hits: list[MotifHit] = field(default_factory=list)

    def shared(self, hit: MotifHit) -> int:
        return min(self.end, hit.end) - max(self.start, hit.start)

    def takes(self, hit: MotifHit) -> bool:
        """Whether a hit lies so much on this site that both are one, and the two together are not too wide."""
        span = max(self.end, hit.end) - min(self.start, hit.start)
        together = span <= max(WIDEST, self.end - self.start, hit.width)
        return together and self.shared(hit) >= SHARED * min(self.end - self.start, hit.width)


def sites_of(hits: Iterable[MotifHit], expressed: frozenset[str] | None = None) -> tuple[Site, ...]:
    """Merge hits into sites, by rising start.

    Hits are taken by falling support, which is rising p-value. A hit joins the site with which it shares at least half
    of the shorter of the two, while both together span no more than 30 bp; otherwise it opens a site on the bases that
    no other owns, or, where fewer than half of its own are left, stands behind the site that it overlaps most.

    The archetype with most support names a site: the sum of 1/p over its hits, a hundredth of that for matrices of two
    factors with a site each, as only where both are there is a pair's match so much rarer. Of its hits, the best
    supported stands for it, or that of a factor for which it is best known, if one fits about as well.

    Parameters
    ----------
    hits : iterable of MotifHit
        All that were found, with p-values; their order does not matter.
    expressed : frozenset of str, optional
        Human symbols of the factors that the cell expresses. A hit of any other, or of a heterodimer with a part that
        is not among them, names no site.
    """
    growing: list[_Growing] = []
    for hit in sorted(hits, key=_support):
        if expressed is not None and not set(name_of(hit.matrix_id, hit.name).symbol.split("::")) <= expressed:
            continue
        touched = sorted((site for site in growing if site.shared(hit) > 0), key=lambda site: -site.shared(hit))
        taking = next((site for site in touched if site.takes(hit)), None)
        start, end = _free(hit.start, hit.end, [site for site in touched if site is not taking])
        if taking is not None:
            taking.hits.append(hit)
            if start <= taking.end and taking.start <= end:
                taking.start, taking.end = min(start, taking.start), max(end, taking.end)
        elif end - start >= SHARED * hit.width:
            growing.append(_Growing(start, end, [hit]))
        else:
            touched[0].hits.append(hit)
    return tuple(_named(site) for site in sorted(growing, key=lambda site: site.start))


def _support(hit: MotifHit) -> tuple[float, float, int, int, str, str]:
    """A total order: the rarest match first."""
    return (_p_value(hit), -hit.score, hit.start, hit.end, hit.matrix_id, hit.strand)


def _p_value(hit: MotifHit) -> float:
    """Never 0; 1 where it is not known."""
    return 1.0 if hit.p_value is None else max(hit.p_value, sys.float_info.min)


def _free(start: int, end: int, owners: list[_Growing]) -> tuple[int, int]:
    """The longest run of bases in [start, end) that nobody owns; empty at `start` where there is none."""
    edges = sorted((max(start, site.start), min(end, site.end)) for site in owners)
    runs, at = [], start
    for left, right in [*edges, (end, end)]:
        runs.append((at, max(at, left)))
        at = max(at, right)
    return max(runs, key=lambda run: run[1] - run[0])


def _named(site: _Growing) -> Site:
    lying = [hit for hit in site.hits if site.shared(hit) >= SHARED * hit.width]
    support: defaultdict[str, float] = defaultdict(float)
    for hit in lying:
        name = name_of(hit.matrix_id, hit.name)
        support[name.archetype] += (PAIR_ODDS if name.pair else 1) / _p_value(hit)
    archetype = max(support, key=lambda label: support[label])
    of_it = [hit for hit in lying if name_of(hit.matrix_id, hit.name).archetype == archetype]
    enough = EQUALLY_RARE * _p_value(of_it[0])
    known = [hit for hit in of_it if _p_value(hit) <= enough and name_of(hit.matrix_id, hit.name).known]
    best = (known or of_it)[0]
    symbol = name_of(best.matrix_id, best.name).symbol
    return Site(site.start, site.end, best, symbol, archetype, tuple(hit for hit in site.hits if hit is not best))
