"""The constraints on designed sequences, checked when they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from cistrace.constraints.motif_rules import named_motifs
from cistrace.constraints.patterns import forbidden_pattern, letters_fault
from cistrace.errors import ConstraintError

COUNTS = ("longest_run", "sites_of_one", "maximum_edits", "distance_between")
NAMES = ("forbidden_sites", "keep_motifs", "avoid_motifs")


@dataclass(frozen=True, order=True, slots=True)
class Region:
    """A stretch of a design: `start`, `end` 0-based half-open; files and messages write it 1-based inclusive."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start + 1}-{self.end}"


@dataclass(frozen=True, repr=False, slots=True)
class NaturalElements:
    """Elements from which designs must keep away.

    Attributes
    ----------
    ids, bases : tuple of str
        One entry an element.
    distance : int
        Least edit distance (Levenshtein) of a design from every element.
    source : str
        Where they came from, for messages.
    """

    ids: tuple[str, ...]
    bases: tuple[str, ...]
    distance: int
    source: str = ""

    def __repr__(self) -> str:
        return f"<NaturalElements {self.source}: {len(self.bases):,} elements, {self.distance} edits away>"


@dataclass(frozen=True)
class Constraints:
    """What every designed sequence keeps to. Nothing is asked by default.

    Attributes
    ----------
    gc : tuple of 2 float or None
        Lowest and highest share of G and C in the design, 0 to 1, both inclusive.
    forbidden_sites : tuple of str
        Restriction enzymes by name (`EcoRI`) and patterns in IUPAC letters (`GGTACC`, `CACNNNGTG`), on either strand.
    longest_run : int or None
        Most equal bases in a row.
    keep_motifs : tuple of str
        Motifs of the shipped library, by TF name or matrix id: each must have a hit, of a TF with several
        matrices of any.
    avoid_motifs : tuple of str
        The same: none of their matrices may have a hit.
    sites_of_one : int or None
        Most sites of one archetype (motifs that look alike: AP-1, ETS, HNF1, ...).
    keep_regions : tuple of Region
        Where a design has the bases of its start.
    maximum_edits : int or None
        Most bases in which a design may differ from its start.
    distance_between : int or None
        Least edit distance (Levenshtein) between two designs of one run.
    natural : NaturalElements or None
        Elements to keep away from.
    flanks : tuple of 2 str
        What stands before and behind the design when it is ordered or cloned: sites and runs that reach over the
        junction count too. A, C, G and T.

    Raises
    ------
    ConstraintError
        Any number of faults, all told at once.
    """

    gc: tuple[float, float] | None = None
    forbidden_sites: tuple[str, ...] = ()
    longest_run: int | None = None
    keep_motifs: tuple[str, ...] = ()
    avoid_motifs: tuple[str, ...] = ()
    sites_of_one: int | None = None
    keep_regions: tuple[Region, ...] = ()
    maximum_edits: int | None = None
    distance_between: int | None = None
    natural: NaturalElements | None = None
    flanks: tuple[str, str] = field(default=("", ""))

    def __post_init__(self) -> None:
        faults = tuple(_type_faults(self)) or tuple(_faults(self))
        if faults:
            raise ConstraintError(faults, "constraints")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _several(value: object, kind: type, count: int | None = None) -> bool:
    """Whether a value is a tuple or list of one kind of thing, of so many where that is fixed."""
    fits = isinstance(value, tuple | list) and all(isinstance(one, kind) for one in value)
    return fits and (count is None or len(value) == count)  # type: ignore[arg-type]


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2 and all(map(_is_number, value))


# What a value has to be, and in words.
_TYPES: dict[str, tuple[Callable[[object], bool], str]] = {
    "gc": (_is_pair, "two numbers, (lowest, highest)"),
    **{name: (_is_count, "a whole number") for name in COUNTS},
    **{name: (lambda value: _several(value, str), "a tuple of texts") for name in NAMES},
    "keep_regions": (lambda value: _several(value, Region), "a tuple of Region"),
    "natural": (lambda value: isinstance(value, NaturalElements), "NaturalElements"),
    "flanks": (lambda value: _several(value, str, 2), "two texts, (before, behind)"),
}


def _type_faults(constraints: Constraints) -> Iterator[str]:
    for name, (fits, expected) in _TYPES.items():
        value = getattr(constraints, name)
        if value is not None and not fits(value):
            yield f"{name}: found {repr(value)[:80]}, expected {expected}; give that"


def _faults(constraints: Constraints) -> Iterator[str]:
    if constraints.gc is not None:
        low, high = constraints.gc
        if not 0 <= low <= high <= 1:
            yield f"gc: found {low:g} to {high:g}, expected 0 <= lowest <= highest <= 1; give shares, not per cent"
    for name in COUNTS:
        value = getattr(constraints, name)
        if value is not None and value < 1:
            yield f"{name}: found {value}, expected at least 1; leave it out for no such constraint"
    yield from _name_faults("forbidden_sites", constraints.forbidden_sites, forbidden_pattern)
    yield from _name_faults("keep_motifs", constraints.keep_motifs, named_motifs)
    yield from _name_faults("avoid_motifs", constraints.avoid_motifs, named_motifs)
    yield from _region_faults(constraints.keep_regions)
    if constraints.natural is not None and constraints.natural.distance < 1:
        yield f"natural: found distance {constraints.natural.distance}, expected at least 1; correct it"
    for flank in constraints.flanks:
        fault = letters_fault(flank, "ACGT")
        if fault:
            yield f"flanks: {fault}; write bases"


def _name_faults(key: str, names: Iterable[str], resolve: Callable[[str], object]) -> Iterator[str]:
    for name in names:
        try:
            resolve(name)
        except ConstraintError as error:
            yield from (f"{key}: {fault}" for fault in error.faults)


def _region_faults(regions: tuple[Region, ...]) -> Iterator[str]:
    for region in regions:
        if not 0 <= region.start < region.end:
            yield f"keep_regions: found {region}, expected FIRST-LAST, 1-based, the first no later than the last"
