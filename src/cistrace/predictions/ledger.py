"""The ledger that a trace tells, as data: the score as a sum."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from cistrace.plots.markup import svg_waterfall
from cistrace.traces.ledger import activity_of, read_hundredths
from cistrace.traces.templates import WHOLE
from cistrace.traces.trace import Claim, Trace


@dataclass(frozen=True, slots=True)
class LedgerSite:
    """A site that the trace tells.

    Attributes
    ----------
    site : int
        Its number on the card, from 1.
    tf, archetype : str
    start, end : int
        1-based, inclusive, in the input.
    strand : str
    amount : float
        log2 units.
    """

    site: int
    tf: str
    archetype: str
    start: int
    end: int
    strand: str
    amount: float


@dataclass(frozen=True, slots=True)
class LedgerInterplay:
    """What two sites, by their numbers on the card, are worth together beyond their amounts, log2 units."""

    sites: tuple[int, int]
    amount: float


@dataclass(frozen=True, slots=True)
class TraceLedger:
    """What a trace adds up; log2 units, 2 decimals.

    Attributes
    ----------
    backdrop : float
        The score without any site.
    composition : float
        What of the backdrop GC and CpG foretell.
    sites : tuple of LedgerSite
        In the trace's order.
    interplay : tuple of LedgerInterplay
    rest : float
        All that the trace does not tell one by one.
    correction : float or None
        What a head adds to the sum; None: the model has none.
    total : float
        The sum: the activity.
    """

    backdrop: float
    composition: float
    sites: tuple[LedgerSite, ...]
    interplay: tuple[LedgerInterplay, ...]
    rest: float
    correction: float | None
    total: float

    def _repr_html_(self) -> str:
        return f"<div><b>Ledger</b>{svg_waterfall(ledger_terms(self), self.total)}</div>"


def ledger_of(trace: Trace) -> TraceLedger | None:
    """The ledger of a trace whose claims hold; None for one that tells no whole."""
    if not any(step.kind == WHOLE for step in trace.steps):
        return None
    backdrops = [step for step in trace.steps if step.kind == "backdrop"]
    composition = sum(_figure(step, "composition") for step in backdrops)
    return TraceLedger(
        backdrop=(composition + sum(_figure(step, "bases") for step in backdrops)) / 100,
        composition=composition / 100,
        sites=tuple(_site(step) for step in trace.steps if step.kind == "site"),
        interplay=tuple(
            LedgerInterplay(
                (_number(step, "number"), _number(step, "second")),
                _figure(step, "amount") / 100,
            )
            for step in trace.steps
            if step.kind == "interplay"
        ),
        rest=sum(_figure(step, "rest") for step in trace.steps if step.kind == WHOLE) / 100,
        correction=None,
        total=activity_of(trace.steps),
    )


def ledger_terms(ledger: TraceLedger) -> list[tuple[str, float]]:
    """What the total is the sum of, each with its name: backdrop, sites in the trace's order, interplay, rest."""
    return [
        ("backdrop", ledger.backdrop),
        *((f"{site.tf} {site.start}-{site.end}", site.amount) for site in ledger.sites),
        *((f"m{one.sites[0]} with m{one.sites[1]}", one.amount) for one in ledger.interplay),
        ("rest", ledger.rest),
        *([] if ledger.correction is None else [("correction", ledger.correction)]),
    ]


def ledger_object(ledger: TraceLedger) -> dict[str, Any]:
    """A ledger as JSON types."""
    plain = asdict(ledger)
    for one in plain["interplay"]:
        one["sites"] = list(one["sites"])
    return {**plain, "sites": list(plain["sites"]), "interplay": list(plain["interplay"])}


def _figure(step: Claim, name: str) -> int:
    return read_hundredths(step.get(name) or "0")


def _number(step: Claim, name: str) -> int:
    return int((step.get(name) or "").removeprefix("m"))


def _site(step: Claim) -> LedgerSite:
    values = dict(step.values)
    return LedgerSite(
        _number(step, "number"), values["tf"], values["archetype"], int(values["start"]), int(values["end"]),
        values["strand"], _figure(step, "amount") / 100,
    )  # fmt: skip
