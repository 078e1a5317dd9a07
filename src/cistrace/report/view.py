"""What a page draws of predictions, as plain JSON objects: one a sequence, with all its cell types.

A sequence's object is all that its figure is made of (`page/figure.js`), be it in a file or in an answer of a server:

    {"id": ..., "windows": [{"start": 1, "end": 200, "bases": "ACGT..." or null}, ...],
     "sites": [{"tf": ..., "archetype": ..., "start": ..., "end": ..., "strand": ..., "bits": ...}, ...],
     "cells": [{"window": 0, "sites": [{"site": 0, "number": 1, "amount": 31, "known": "raising"}, ...], ...}, ...]}

Positions are those of the input, 1-based, inclusive. Amounts are whole hundredths of a log2 unit, so that sums are
exact. Figures that are only drawn are rounded.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.card import Card, CardSite
from cistrace.motifs.hit import MotifHit
from cistrace.traces.claims import known_effect
from cistrace.traces.ledger import hundredths, read_hundredths
from cistrace.traces.templates import ADDENDS
from cistrace.traces.text import parse_step, render_step
from cistrace.traces.trace import PROSE, Claim, Finding

LARGEST = 127  # of the whole numbers that contributions are stored as
MOST_OTHERS = 6  # factors beside the first that a site names
_NUMBERS = ("number", "second")  # fields of a step that name sites
_OWN = ("number", "amount", "known")  # of a site in one cell type


def cell_view(
    row: Mapping[str, Any],
    bases: str | None = None,
    card: Card | None = None,
    contributions: NDArray[np.float32] | None = None,
) -> dict[str, Any]:
    """One prediction, of one cell type.

    Parameters
    ----------
    row : mapping
        As `predictions.table.prediction_object` makes it, or as a file of predictions holds it.
    bases : str, optional
        Of the window that the row describes.
    card : Card, optional
        What the model read: its sites that no step tells are drawn too. Without it the trace's own are all there are.
    contributions : float32 (bases,), optional
        What each base adds to the score, log2 units.
    """
    steps, failed = _claims(row), _reasons(row)
    sites = _told_sites(steps) if card is None else _card_sites(card, row["start"] - 1)
    return {
        "id": row["id"],
        "cell_type": row["cell_type"],
        "start": row["start"],
        "end": row["end"],
        **{name: _rounded(row[name], 3) for name in ("activity", "lower", "upper")},
        "percentile": _rounded(row["percentile"], 1),
        "level": row["level"],
        "probabilities": [_rounded(share, 3) for share in row["level_probabilities"]],
        "flags": list(row["flags"]),
        "sites": sites,
        "steps": [_step_view(step, sites, failed.get(number, [])) for number, step in enumerate(steps, 1)],
        "trace": _trace(row, failed.get(0, [])),
        "bases": bases,
        "contributions": None if contributions is None else _packed(contributions),
    }


def sequence_views(cells: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Objects of `cell_view`, in the order of a file of predictions, joined to one object a sequence.

    Rows of one id belong together up to the first cell type that comes again: of a sequence of which every window is
    reported, each window is an object.
    """
    together: list[Mapping[str, Any]] = []
    for cell in cells:
        seen = {one["cell_type"] for one in together}
        if together and (cell["id"] != together[0]["id"] or cell["cell_type"] in seen):
            yield _sequence(together)
            together = []
        together.append(cell)
    if together:
        yield _sequence(together)


def _sequence(cells: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Windows and sites stand once, however many cell types share them."""
    sites: list[dict[str, Any]] = []
    windows = {(one["start"], one["end"]): one["bases"] for one in cells}
    places = list(windows)
    return {
        "id": cells[0]["id"],
        "windows": [{"start": start, "end": end, "bases": bases} for (start, end), bases in windows.items()],
        "cells": [
            {
                **{name: value for name, value in one.items() if name not in ("id", "start", "end", "bases")},
                "window": places.index((one["start"], one["end"])),
                "sites": [_shared(site, sites) for site in one["sites"]],
            }
            for one in cells
        ],
        "sites": sites,
    }


def _shared(site: Mapping[str, Any], sites: list[dict[str, Any]]) -> dict[str, Any]:
    """What of a site is a cell type's own, and its place among those of all cell types, which it joins."""
    own = {name: site[name] for name in _OWN}
    common = {name: value for name, value in site.items() if name not in _OWN}
    if common not in sites:
        sites.append(common)
    return {"site": sites.index(common), **own}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _told_sites(steps: Sequence[Claim]) -> list[dict[str, Any]]:
    """The sites that the steps of a trace tell, each once, by their numbers."""
    told = {int(one["number"].removeprefix("m")): one for one in (dict(s.values) for s in steps if s.kind == "site")}
    return [
        {
            "number": number,
            "tf": one["tf"],
            "archetype": one["archetype"],
            "start": int(one["start"]),
            "end": int(one["end"]),
            "strand": one["strand"],
            "bits": int(one["bits"]),
            "amount": read_hundredths(one["amount"]),
            "known": one["known"],
        }
        for number, one in sorted(told.items())
    ]


def _card_sites(card: Card, moved: int) -> list[dict[str, Any]]:
    """All sites of a card, of a paper card its hits, by their numbers; `moved` is where its window starts, 0-based."""
    places: list[CardSite | MotifHit] = [*card.sites] or [*card.hits]
    return [
        {
            "number": number,
            **_named(one),
            "start": one.start + moved + 1,
            "end": one.end + moved,
            "strand": one.strand,
            "bits": round(one.score),
        }
        for number, one in enumerate(places, 1)
    ]


def _named(one: CardSite | MotifHit) -> dict[str, Any]:
    if isinstance(one, MotifHit):
        return {"tf": one.name, "archetype": ", ".join(sorted(one.families)), "amount": None, "known": None}
    return {
        "tf": one.tf,
        "archetype": one.archetype,
        "amount": None if one.amount is None else hundredths(one.amount),
        "known": known_effect(one.effect),
        "matrix": one.matrix_id,
        "others": list(one.others[:MOST_OTHERS]),
    }


def _claims(row: Mapping[str, Any]) -> list[Claim]:
    """The steps of a row's trace; their text says all, and a file may hold any values beside it."""
    return [parse_step(step["text"]) for step in (row["trace"] or {}).get("steps") or []]


def _step_view(step: Claim, sites: list[dict[str, Any]], failed: list[str]) -> dict[str, Any]:
    """A step with what it adds to the score and the numbers of the sites that it is about."""
    return {
        "kind": step.kind,
        "text": render_step(step),
        "adds": [read_hundredths(step.get(name) or "0") for name in ADDENDS.get(step.kind, ())],
        "sites": _sites_of(step, sites),
        **({"failed": failed} if failed else {}),
    }


def _sites_of(step: Claim, sites: list[dict[str, Any]]) -> list[int]:
    """Numbers of the sites that a step names: one or two, or of a cluster all of its archetype."""
    if step.kind == "homotypic":
        return [site["number"] for site in sites if site["archetype"] == step.get("archetype")]
    if step.kind == PROSE:
        known = {site["number"] for site in sites}
        return sorted(known & {int(number) for number in re.findall(r"\bm(\d+)\b", render_step(step))})
    return [int(value.removeprefix("m")) for name, value in step.values if name in _NUMBERS]


def _trace(row: Mapping[str, Any], failed: list[str]) -> dict[str, Any] | None:
    """What is to be said of the trace as a whole; its text where that is no trace."""
    trace, found = row["trace"], row["verification"]
    if trace is None:
        return None
    return {
        "level": trace["level"],
        "written_by": trace["written_by"],
        "verified": found["verified"],
        "claims": found["claims"],
        "supported": found["supported"],
        "failed": failed,
        **({"text": trace["text"]} if trace["steps"] is None else {}),
    }


def _reasons(row: Mapping[str, Any]) -> dict[int, list[str]]:
    """What is wrong, in words, with each step, and at 0 with the text as a whole."""
    reasons: dict[int, list[str]] = {}
    for one in (row["verification"] or {}).get("failed", []):
        finding = Finding(one["step"], one["field"], one["claimed"], one["found"], False)
        reasons.setdefault(finding.step, []).append(finding.reason)
    return reasons


def _packed(contributions: NDArray[np.float32]) -> dict[str, Any]:
    """Contributions as int8 in base64, and the log2 units that one of them stands for."""
    largest = float(np.abs(contributions).max(initial=0.0))
    unit = float(f"{largest / LARGEST:.4g}") or 1.0
    whole = np.rint(contributions / unit).clip(-LARGEST, LARGEST).astype(np.int8)
    return {"unit": unit, "values": base64.b64encode(whole.tobytes()).decode()}
