"""How far sequences are from meeting constraints, in edits; and in words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from cistrace.constraints.constraints import Constraints
from cistrace.constraints.distances import edit_distances, nearest
from cistrace.constraints.motif_rules import MotifFinder, edits_to_hit, named_motifs
from cistrace.constraints.patterns import Pattern, base_sets, forbidden_pattern, occurrences
from cistrace.constraints.site_limit import SiteLimit

# GC shares are compared with the tolerance of a rounded bound: 0.4 of 200 bases are 80, whatever 0.4 is in binary.
_ROUNDING = 1e-9
_Measure = Callable[[Sequence[str]], NDArray[np.float32]]


class ConstraintChecker:
    """Measures sequences against constraints.

    Parameters
    ----------
    constraints : Constraints
    starts : sequence of str
        Where designs may have begun. A sequence is compared with the one to which it is nearest in what
        `keep_regions` and `maximum_edits` ask; without any, these two are not measured.

    Attributes
    ----------
    kinds : tuple of str
        The constraints that are measured, cheapest first; `distance_between` is none of them, as it is of a set.
    """

    def __init__(self, constraints: Constraints, starts: Sequence[str] = ()) -> None:
        self.constraints = constraints
        self._made_of = constraints, tuple(starts)
        self._starts = [np.frombuffer(start.encode("ascii"), dtype=np.uint8) for start in starts]
        self._patterns = tuple(map(forbidden_pattern, constraints.forbidden_sites))
        self._avoided = MotifFinder(constraints.avoid_motifs) if constraints.avoid_motifs else None
        self._kept = MotifFinder(constraints.keep_motifs) if constraints.keep_motifs else None
        self._limit = None if constraints.sites_of_one is None else SiteLimit(constraints.sites_of_one)
        self._measures: dict[str, _Measure] = dict(self._wanted())
        self.kinds: tuple[str, ...] = tuple(self._measures)

    def __reduce__(self) -> tuple[type[ConstraintChecker], tuple[Constraints, tuple[str, ...]]]:
        return type(self), self._made_of

    def _wanted(self) -> list[tuple[str, _Measure]]:
        asked, started = self.constraints, bool(self._starts)
        every: list[tuple[str, bool, _Measure]] = [
            ("keep_regions", started and bool(asked.keep_regions), self._region_edits),
            ("maximum_edits", started and asked.maximum_edits is not None, self._excess_edits),
            ("gc", asked.gc is not None, self._gc_edits),
            ("longest_run", asked.longest_run is not None, self._run_edits),
            ("forbidden_sites", bool(asked.forbidden_sites), self._site_edits),
            ("avoid_motifs", self._avoided is not None, self._avoided_hits),
            ("keep_motifs", self._kept is not None, self._kept_edits),
            ("sites_of_one", self._limit is not None, self._surplus_sites),
            ("natural", asked.natural is not None, self._natural_edits),
        ]
        return [(kind, measure) for kind, is_asked, measure in every if is_asked]

    def shortfalls(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """How many edits each sequence is, about, from meeting each constraint; 0 where it is met.

        The bases by which GC lies outside its range; one edit a forbidden site, a hit to avoid, a site of which there
        are too many, and every stretch too many of a run; the fewest substitutions to a hit that is missing; bases
        changed in kept regions, and changes too many; edits too few from the nearest natural element.

        Parameters
        ----------
        sequences : sequence of str
            Upper-case, of any lengths. A letter that stands for several bases is G or C where all of them are, and
            part of a site where all of them fit.

        Returns
        -------
        ndarray, float32, shape (N, kinds)
        """
        columns = [measure(sequences) for measure in self._measures.values()]
        return np.stack(columns, axis=1) if columns else np.zeros((len(sequences), 0), dtype=np.float32)

    def met(self, sequences: Sequence[str]) -> NDArray[np.bool_]:
        """Which sequences meet every constraint: bool (N,). What fails a cheap one is not asked the dear ones."""
        left = np.arange(len(sequences))
        for kind, measure in self._measures.items():
            if len(left):
                asked = self._lacking if kind == "keep_motifs" else measure
                left = left[asked([sequences[place] for place in left.tolist()]) == 0]
        found = np.zeros(len(sequences), dtype=np.bool_)
        found[left] = True
        return found

    def faults(self, bases: str) -> tuple[str, ...]:
        """What of the constraints a sequence breaks, in words, positions 1-based; empty where it meets all."""
        row = self.shortfalls([bases])[0]
        return tuple(
            fault
            for kind, short in zip(self.kinds, row.tolist())
            if short
            for fault in _WORDS.get(kind, _shortfall_words)(self, bases, kind, short)
        )

    def spans(self, bases: str) -> list[tuple[int, int]]:
        """Stretches of a design, 0-based half-open, in each of which a base has to change: runs, sites, motifs."""
        found = [(start, start + len(run)) for start, run in self._runs(bases)] if self._longest else []
        found += [(start, start + len(pattern.letters)) for pattern, start in self._sites(bases)]
        if self._avoided is not None:
            found += [(hit.start, hit.end) for hit in self._avoided.hits([bases])[0]]
        if self._limit is not None:
            found += [(site.start, site.end) for site in self._limit.surplus(bases)]
        return [(max(0, start), min(len(bases), end)) for start, end in found]

    def lacking(self, bases: str) -> list[bool]:
        """Whether a sequence has no hit of each of `keep_motifs`."""
        return [] if self._kept is None else (self._kept.counts([bases])[0] == 0).tolist()

    def _gc_edits(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        low, high = self.constraints.gc or (0, 1)
        counts = np.array([sum(map(bases.count, "GCS")) for bases in sequences], dtype=np.float64)
        lengths = np.array([len(bases) for bases in sequences], dtype=np.float64)
        fewest, most = np.ceil(low * lengths - _ROUNDING), np.floor(high * lengths + _ROUNDING)
        return np.maximum(0, np.maximum(fewest - counts, counts - most)).astype(np.float32)

    def _flanked(self, bases: str) -> str:
        before, behind = self.constraints.flanks
        return f"{before}{bases}{behind}"

    def _run_edits(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        return np.array(
            [sum(len(found) // (self._longest + 1) for _, found in self._runs(bases)) for bases in sequences],
            dtype=np.float32,
        )

    @property
    def _longest(self) -> int:
        return self.constraints.longest_run or 0

    def _runs(self, bases: str) -> list[tuple[int, str]]:
        """Runs that are too long and reach into the design: their start in it, negative in the flank, and bases."""
        before = len(self.constraints.flanks[0])
        return [
            (match.start() - before, match[0])
            for match in re.finditer(rf"(.)\1{{{self._longest},}}", self._flanked(bases))
            if match.end() > before and match.start() < before + len(bases)
        ]

    def _site_edits(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        found = np.zeros(len(sequences), dtype=np.float32)
        lengths = np.array([len(bases) for bases in sequences])
        for length in np.unique(lengths).tolist():
            rows = np.flatnonzero(lengths == length)
            sets = np.stack([base_sets(self._flanked(sequences[row])) for row in rows.tolist()])
            for pattern in self._patterns:
                found[rows] += self._of_design(occurrences(sets, pattern), pattern, length).sum(axis=1)
        return found

    def _of_design(self, places: NDArray[np.bool_], pattern: Pattern, length: int) -> NDArray[np.bool_]:
        """The places at which a site has at least one base in the design."""
        before = len(self.constraints.flanks[0])
        first = max(0, before - len(pattern.letters) + 1)
        return places[:, first : before + length]

    def _sites(self, bases: str) -> list[tuple[Pattern, int]]:
        """Forbidden sites and where they start in the design, negative in the flank."""
        sets, before = base_sets(self._flanked(bases))[None], len(self.constraints.flanks[0])
        return [
            (pattern, place + max(0, before - len(pattern.letters) + 1) - before)
            for pattern in self._patterns
            for place in np.flatnonzero(self._of_design(occurrences(sets, pattern), pattern, len(bases))[0]).tolist()
        ]

    def _avoided_hits(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        assert self._avoided is not None
        return self._avoided.counts(sequences).sum(axis=1).astype(np.float32)

    def _surplus_sites(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        assert self._limit is not None
        return self._limit.counts(sequences)

    def _kept_edits(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        assert self._kept is not None
        missing = self._kept.counts(sequences) == 0
        names = self.constraints.keep_motifs
        return np.array(
            [
                sum(max(1, edits_to_hit(bases, named_motifs(name))) for name, lacks in zip(names, row) if lacks)
                for bases, row in zip(sequences, missing.tolist())
            ],
            dtype=np.float32,
        )

    def _lacking(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Names without a hit, which is faster than to count the edits to one."""
        assert self._kept is not None
        return (self._kept.counts(sequences) == 0).sum(axis=1).astype(np.float32)

    def _region_edits(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        return self._from_start(sequences)[:, 0]

    def _excess_edits(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        return self._from_start(sequences)[:, 1]

    def _from_start(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Edits in kept regions and edits too many, against the start with the fewest of both: (N, 2)."""
        found = np.zeros((len(sequences), 2), dtype=np.float32)
        for row, bases in enumerate(sequences):
            codes = np.frombuffer(bases.encode("ascii"), dtype=np.uint8)
            found[row] = min((self._against(codes, start) for start in self._starts), key=sum)
        return found

    def _against(self, codes: NDArray[np.uint8], start: NDArray[np.uint8]) -> tuple[int, int]:
        shared = min(len(codes), len(start))
        differ = np.ones(max(len(codes), len(start)), dtype=np.bool_)
        differ[:shared] = codes[:shared] != start[:shared]
        edits, most = int(differ.sum()), self.constraints.maximum_edits
        kept = sum(int(differ[region.start : region.end].sum()) for region in self.constraints.keep_regions)
        return kept, 0 if most is None else max(0, edits - most)

    def _natural_edits(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        natural = self.constraints.natural
        if natural is None or not natural.bases or not sequences:
            return np.zeros(len(sequences), dtype=np.float32)
        closest = edit_distances(sequences, natural.bases, natural.distance).min(axis=1).astype(np.float32)
        return np.maximum(0, natural.distance - closest)

    def _gc_words(self, bases: str, kind: str, short: float) -> list[str]:
        low, high = self.constraints.gc or (0, 1)
        return [f"GC {sum(map(bases.count, 'GCS')) / len(bases):.3f}, expected {low:g} to {high:g}"]

    def _run_words(self, bases: str, kind: str, short: float) -> list[str]:
        return [
            f"{len(found)} {found[0]} in a row at {start + 1}-{start + len(found)}, expected at most {self._longest}"
            for start, found in self._runs(bases)
        ]

    def _site_words(self, bases: str, kind: str, short: float) -> list[str]:
        return [
            f"the site of {pattern} at {start + 1}-{start + len(pattern.letters)}, expected none"
            for pattern, start in self._sites(bases)
        ]

    def _avoided_words(self, bases: str, kind: str, short: float) -> list[str]:
        assert self._avoided is not None
        (hits,) = self._avoided.hits([bases])
        return [f"a hit of {hit.name} at {hit.start + 1}-{hit.end}, expected none" for hit in hits]

    def _surplus_words(self, bases: str, kind: str, short: float) -> list[str]:
        assert self._limit is not None
        most = self.constraints.sites_of_one or 0
        beyond = Counter(site.archetype for site in self._limit.surplus(bases))
        return [f"{most + count} sites of {name}, expected at most {most}" for name, count in beyond.items()]

    def _kept_words(self, bases: str, kind: str, short: float) -> list[str]:
        assert self._kept is not None
        counts = self._kept.counts([bases])[0].tolist()
        return [
            f"no hit of {name}, expected one" for name, count in zip(self.constraints.keep_motifs, counts) if not count
        ]

    def _natural_words(self, bases: str, kind: str, short: float) -> list[str]:
        natural = self.constraints.natural
        assert natural is not None
        places, distances = nearest([bases], natural.bases)
        near = natural.ids[int(places[0])]
        return [f"{distances[0]} edits from {near!r} of {natural.source}, expected at least {natural.distance}"]


def _shortfall_words(checker: ConstraintChecker, bases: str, kind: str, short: float) -> list[str]:
    return [f"{short:g} bases more than {kind} allows"]


_WORDS: dict[str, Callable[[ConstraintChecker, str, str, float], list[str]]] = {
    "gc": ConstraintChecker._gc_words,
    "longest_run": ConstraintChecker._run_words,
    "forbidden_sites": ConstraintChecker._site_words,
    "avoid_motifs": ConstraintChecker._avoided_words,
    "keep_motifs": ConstraintChecker._kept_words,
    "sites_of_one": ConstraintChecker._surplus_words,
    "natural": ConstraintChecker._natural_words,
}
