"""A person's word on traces: accepted, corrected or rejected, with name and reason; kept beside the data set.

`reviews.jsonl` in the data set's folder is read by every build, so that corrections survive one. A decision on a trace
holds as long as the trace is the one that was seen; a correction as long as its claims hold against the card.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cistrace.errors import CardError, DataError
from cistrace.io.hashes import text_hash
from cistrace.io.json_lines import read_json_lines, write_json_lines
from cistrace.io.streams import shown
from cistrace.reasonbench.entries import Entry
from cistrace.reasonbench.gates import FULL_GATES, Fault, Judgement, judge

REVIEWS_FILE = "reviews.jsonl"
ACCEPT, CORRECT, REJECT = "accept", "correct", "reject"
DECISIONS = (ACCEPT, CORRECT, REJECT)
REVIEW = "review"  # the gate of what a person rejected, and the writer of what one corrected


@dataclass(frozen=True, slots=True)
class Review:
    """One decision.

    Attributes
    ----------
    seen : str
        SHA-256 of the trace decided on, hexadecimal.
    trace : str
        The corrected one; empty unless the decision is `correct`.
    """

    id: str
    cell_type: str
    decision: str
    seen: str
    trace: str
    reviewer: str
    reason: str

    @property
    def key(self) -> tuple[str, str]:
        return self.id, self.cell_type


@dataclass(frozen=True, slots=True)
class Reviewed:
    """An entry after its review.

    Attributes
    ----------
    kept : bool or None
        What the person decided; None where no decision holds and the gates decide.
    stale : bool
        There is a decision, but on another trace or card.
    """

    entry: Entry
    kept: bool | None
    stale: bool


def trace_hash(trace: str) -> str:
    """SHA-256 of a trace's text, hexadecimal."""
    return text_hash(trace)


def correction_faults(trace: str, entry: Entry) -> tuple[Judgement, tuple[Fault, ...]]:
    """A corrected trace judged against the entry's card, and which faults forbid it."""
    try:
        judged = judge(trace, entry.parsed_card())
    except CardError as error:
        return Judgement(trace, (), (), None, 0, ()), (Fault(REVIEW, str(error)),)
    return judged, tuple(fault for fault in judged.faults if fault.gate in FULL_GATES)


def apply_review(entry: Entry, review: Review | None) -> Reviewed:
    """What a decision makes of an entry, be it as the teacher wrote it or as an earlier decision left it."""
    if review is None:
        return Reviewed(entry, None, False)
    note = f"{review.decision} by {review.reviewer}: {review.reason}"
    if review.decision == CORRECT:
        judged, faults = correction_faults(review.trace, entry)
        if faults:
            return Reviewed(entry, None, True)
        corrected = replace(
            entry, trace=judged.text, stated_level=judged.level, kinds=judged.kinds, faults=judged.faults,
            written_by=REVIEW, review=note,
        )  # fmt: skip
        return Reviewed(corrected, True, False)
    if trace_hash(entry.trace) != review.seen:
        return Reviewed(entry, None, True)
    found = tuple(fault for fault in entry.faults if fault.gate != REVIEW)  # the last decision is the one that holds
    if review.decision == ACCEPT:
        return Reviewed(replace(entry, faults=found, review=note), True, False)
    fault = Fault(REVIEW, f"rejected by {review.reviewer}: {review.reason}")
    return Reviewed(replace(entry, faults=(*found, fault), review=note), False, False)


def is_taken(entry: Entry, review: Review) -> bool:
    """Whether the entry is what the decision makes of it, so that taking it again would change nothing."""
    reviewed = apply_review(entry, review)
    return not reviewed.stale and reviewed.entry == entry


def read_reviews(folder: Path) -> dict[tuple[str, str], Review]:
    """Decisions by id and cell type, the last of each; empty where there are none.

    Raises
    ------
    DataError
        A line that is no decision.
    """
    path = folder / REVIEWS_FILE
    if not path.exists():
        return {}
    found = {}
    for number, plain in read_json_lines(path):
        try:
            review = Review(**{name: str(value) for name, value in plain.items()})
            if review.decision not in DECISIONS:
                raise ValueError(f"decision {review.decision!r}")
        except (TypeError, ValueError) as error:
            raise DataError(
                f"{shown(path)}, line {number}: not a decision ({error}); expected what `reasonbench review import` "
                "writes; remove the line and import again"
            ) from error
        found[review.key] = review
    return found


def write_reviews(reviews: Iterable[Review], folder: Path) -> None:
    """Write the file anew, whole or not at all."""
    write_json_lines(folder / REVIEWS_FILE, map(asdict, reviews))


def reviews_object(reviews: Iterable[Review]) -> list[dict[str, Any]]:
    """For the manifest: who decided what, and why."""
    return [
        {"id": review.id, "cell_type": review.cell_type, "decision": review.decision, "reviewer": review.reviewer,
         "reason": review.reason, "trace": review.trace}
        for review in reviews
    ]  # fmt: skip
