"""How far traces can be trusted: parsing, verified claims, variety, coverage of the strongest evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cistrace.cards.card import Card
from cistrace.traces.text import read_trace
from cistrace.traces.trace import REPEAT, Trace
from cistrace.traces.verify import verify

STRONGEST = 5


@dataclass(frozen=True)
class TraceRates:
    """Rates over many traces, all between 0 and 1 but `traces`.

    `cited` is the share of the five largest amounts' absolute sum that steps about sites tell, by
    card, averaged; `varied` the share of traces with at least three kinds of claim; `unrepeated` the
    share in which no step occurs twice. Whole traces are counted by `verified`, steps (true in every
    field) by `claims_verified`, single fields by `fields_verified`.
    """

    traces: int
    parsed: float
    verified: float
    claims_verified: float
    fields_verified: float
    varied: float
    unrepeated: float
    cited: float


def trace_rates(written: Iterable[tuple[str, Card]]) -> TraceRates:
    """Judge texts against the cards they were written from."""
    total = parsed = verified = claims = supported = fields = true_fields = varied = unrepeated = 0
    cited: list[float] = []
    for text, card in written:
        total += 1
        read = read_trace(text)
        if read.faults:
            continue
        parsed += 1
        found = verify(read.trace, card)
        verified += found.verified
        claims, supported = claims + found.claims, supported + found.supported
        stated = [finding for finding in found.findings if finding.field != REPEAT]
        fields, true_fields = fields + len(stated), true_fields + sum(finding.supported for finding in stated)
        varied += len(set(found.kinds)) >= 3
        unrepeated += len(stated) == len(found.findings)
        share = cited_share(read.trace, card)
        if share is not None:
            cited.append(share)
    return TraceRates(
        total,
        parsed / max(1, total),
        verified / max(1, total),
        supported / max(1, claims),
        true_fields / max(1, fields),
        varied / max(1, total),
        unrepeated / max(1, total),
        sum(cited) / max(1, len(cited)),
    )


def cited_share(trace: Trace, card: Card) -> float | None:
    """Share of the largest amounts' absolute sum that steps about sites tell; None where all are zero."""
    sizes = {str(site.start + 1): abs(site.amount or 0.0) for site in card.sites}
    strongest = sorted(sizes, key=lambda start: -sizes[start])[:STRONGEST]
    total = sum(sizes[start] for start in strongest)
    if not total:
        return None
    cited = {step.get("start") for step in trace.steps if step.kind == "site"}
    return sum(sizes[start] for start in strongest if start in cited) / total
