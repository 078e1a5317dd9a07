"""What makes a search hopeless, found before it begins: constraints against each other, the length and the starts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from cistrace.cards.windows import MINIMUM_KNOWN
from cistrace.constraints.checker import ConstraintChecker
from cistrace.constraints.constraints import Constraints
from cistrace.constraints.motif_rules import named_motifs
from cistrace.constraints.words import hit_words
from cistrace.errors import ConstraintError
from cistrace.io.dna_sequence import DnaSequence

WORDS_TRIED = 2_000  # best words of a kept motif among which one must break no other constraint


def check_feasible(constraints: Constraints, length: int, window: int, starts: Sequence[DnaSequence] = ()) -> None:
    """Refuse what no search could meet.

    Parameters
    ----------
    length : int
        bp of a design.
    window : int
        bp that the model reads at most.
    starts : sequence of DnaSequence
        Where designs begin; none for a search from scratch.

    Raises
    ------
    ConstraintError
        Any number of contradictions, all told at once.
    """
    faults = list(contradictions(constraints, length, window, starts))
    if faults:
        raise ConstraintError(faults, "constraints")


def contradictions(
    constraints: Constraints, length: int, window: int, starts: Sequence[DnaSequence] = ()
) -> Iterator[str]:
    """What `check_feasible` refuses, a line each."""
    if not MINIMUM_KNOWN <= length <= window:
        yield (
            f"length: found {length}, expected {MINIMUM_KNOWN} to {window} bp, which is what the model reads; "
            "choose such"
        )
        return
    yield from _of_regions(constraints, length, bool(starts))
    yield from _of_gc(constraints, length, starts)
    yield from _of_distances(constraints, length, len(starts))
    yield from _of_flanks(constraints)
    yield from _of_motifs(constraints, length)
    checker = ConstraintChecker(constraints, [start.bases for start in starts])
    for start in starts:
        yield from _of_start(checker, start, length)


def free_places(constraints: Constraints, length: int) -> list[int]:
    """Positions (0-based) of a design that no kept region holds."""
    kept = {place for region in constraints.keep_regions for place in range(region.start, region.end)}
    return [place for place in range(length) if place not in kept]


def _of_regions(constraints: Constraints, length: int, started: bool) -> Iterator[str]:
    regions = constraints.keep_regions
    for region in regions:
        if region.end > length:
            yield f"keep_regions: found {region}, expected an end within the design's {length} bp; correct it"
    if regions and not free_places(constraints, length):
        yield f"keep_regions: hold all {length} bp; expected some to change; keep less"
    if not started:
        for name, asked in (("keep_regions", regions), ("maximum_edits", constraints.maximum_edits)):
            if asked:
                yield f"{name}: found no start; expected one to compare with; give --start, or leave {name} out"


def _of_gc(constraints: Constraints, length: int, starts: Sequence[DnaSequence]) -> Iterator[str]:
    if constraints.gc is None:
        return
    low, high = constraints.gc
    fewest, most = math.ceil(low * length - 1e-9), math.floor(high * length + 1e-9)
    if fewest > most:
        yield f"gc: no number of {length} bases is a share from {low:g} to {high:g}; widen the range"
        return
    free = len(free_places(constraints, length))
    for start in starts:
        kept = [base for place, base in enumerate(start.bases) if place not in set(free_places(constraints, length))]
        held = sum(base in "GC" for base in kept)
        if len(start.bases) == length and (held > most or held + free < fewest):
            yield (
                f"gc: with the kept regions of {start.id!r} a design has {held / length:.3f} to "
                f"{(held + free) / length:.3f}, expected {low:g} to {high:g}; widen the range, or keep less"
            )


def _of_distances(constraints: Constraints, length: int, starts: int) -> Iterator[str]:
    natural, between = constraints.natural, constraints.distance_between
    if natural is not None:
        farthest = max(length, min(map(len, natural.bases), default=length))
        if natural.distance > farthest:
            yield (
                f"natural: found distance {natural.distance}, expected at most {farthest}, which no two sequences of "
                "these lengths exceed; lower it"
            )
    if between is None:
        return
    free = len(free_places(constraints, length))
    if 0 < free < between:
        yield f"distance_between: found {between}, expected at most the {free} bases that may change; lower it"
    most = constraints.maximum_edits
    if starts == 1 and most is not None and between > 2 * most:
        yield (
            f"distance_between: found {between}, expected at most {2 * most}, twice maximum_edits, for designs of one "
            "start; lower it, or allow more edits"
        )


def _of_flanks(constraints: Constraints) -> Iterator[str]:
    alone = Constraints(forbidden_sites=constraints.forbidden_sites, longest_run=constraints.longest_run)
    checker = ConstraintChecker(alone)
    for flank in constraints.flanks:
        for fault in checker.faults(flank) if flank else ():
            yield f"flanks: {flank} holds {fault}; choose other flanks, or allow it"


def _of_motifs(constraints: Constraints, length: int) -> Iterator[str]:
    checker = ConstraintChecker(
        Constraints(
            forbidden_sites=constraints.forbidden_sites,
            longest_run=constraints.longest_run,
            avoid_motifs=constraints.avoid_motifs,
        )
    )
    for name in constraints.keep_motifs:
        motifs = [motif for motif in named_motifs(name) if motif.width <= length]
        if not motifs:
            yield f"keep_motifs: no matrix of {name} fits into {length} bp; leave it out, or make designs longer"
            continue
        words = [word for motif in motifs for word in hit_words(motif, WORDS_TRIED // len(motifs))]
        if not checker.met(words).any():
            faults = "; ".join(checker.faults(words[0]))
            yield (
                f"keep_motifs: {name} cannot be kept: its best word {words[0]} has {faults}, and of {len(words):,} "
                "words none is without such; leave one of the two out"
            )


def _of_start(checker: ConstraintChecker, start: DnaSequence, length: int) -> Iterator[str]:
    named = f"start {start.id!r}"
    if len(start.bases) != length:
        yield f"{named}: found {len(start.bases)} bp, expected the designs' {length}; give --length, or another start"
        return
    strange = sorted(set(start.bases) - set("ACGT"))
    if strange:
        yield f"{named}: found {''.join(strange)}, expected A, C, G and T alone; write bases"
        return
    for fault in checker.faults(start.bases):
        yield f"{named}: breaks its own constraints: {fault}; mend the start, or allow it"
