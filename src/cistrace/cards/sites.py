"""Sites: the places of a sequence at which motifs were found, each counted once.

One GC box is hit by a dozen matrices of SP and KLF factors. Hits that overlap are one site, named by the likeliest
archetype; the others that fit stand behind it. No two sites share a base, so that what a site is worth can be
asked for by taking its bases away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from cistrace.motifs.archetypes import name_of
from cistrace.motifs.hit import MotifHit

WIDEST = 30  # bp that merged hits may span; one matrix may be wider by itself
SHARED = 0.5  # of the shorter of two, from which on they are one site
PAIR_ODDS = 0.1  # that a matrix of two factors with a site each is the right one, against any other's
AS_GOOD = 3.0  # bits by which a factor for which its archetype is best known may fit less than the best, to name a site


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
        That fit too, by rising p-value.
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
        """Of the others that fit, by rising p-value, each once; the one that names the site is not among them."""
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

    The likeliest archetype names a site. Bits are the logarithm of how much likelier bases are under a matrix than
    under the background; an archetype's likelihood is the sum over its hits of 2 to the power of bits, a tenth of that
    for matrices of two factors with a site each. So a perfect match of a short matrix goes before a poor one of a long
    matrix, which may well have the lower p-value, and a pair before one factor only where both have their site. Of the
    archetype's hits, the one of most bits names the site, or that of a factor for which it is best known, if it fits
    about as well.

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
    return (1.0 if hit.p_value is None else hit.p_value, -hit.score, hit.start, hit.end, hit.matrix_id, hit.strand)


def _free(start: int, end: int, owners: list[_Growing]) -> tuple[int, int]:
    """The longest run of bases in [start, end) that nobody owns; empty at `start` where there is none."""
    edges = sorted((max(start, site.start), min(end, site.end)) for site in owners)
    runs, at = [], start
    for left, right in [*edges, (end, end)]:
        runs.append((at, max(at, left)))
        at = max(at, right)
    return max(runs, key=lambda run: run[1] - run[0])


def _named(site: _Growing) -> Site:
    lying = [(hit, name_of(hit.matrix_id, hit.name)) for hit in site.hits if site.shared(hit) >= SHARED * hit.width]
    likelihood: defaultdict[str, float] = defaultdict(float)
    for hit, name in lying:
        likelihood[name.archetype] += 2**hit.score * (PAIR_ODDS if name.pair else 1)
    archetype = max(likelihood, key=lambda label: likelihood[label])
    of_it = [(hit, name) for hit, name in lying if name.archetype == archetype]
    enough = max(hit.score for hit, _ in of_it) - AS_GOOD
    known = [(hit, name) for hit, name in of_it if name.known and hit.score >= enough]
    best, named = max(known or of_it, key=lambda one: one[0].score)
    return Site(site.start, site.end, best, named.symbol, archetype, tuple(hit for hit in site.hits if hit is not best))
