"""A run of designs in a few plain lines: the gap between what was optimised and what the judge says comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from cistrace.design.outcome import DesignReport
from cistrace.design.verdict import OFF_TARGET_PERCENTILE, TARGET_PERCENTILE


def summary_lines(report: DesignReport) -> list[str]:
    """What standard error says of a run, and its page begins with."""
    return [*_judged(report), *_checked(report), *_traced(report), *_accounted(report)]


def _judged(report: DesignReport) -> Iterator[str]:
    count, values = len(report.designs), np.array([one.value for one in report.designs])
    name = report.objective.text.replace("'", "")
    if report.judge is None:
        yield f"{name}: {values.mean():+.2f} in the mean by the model asked; not judged: no judge knows the cell types"
        return
    said = [one.judgement for one in report.designs if one.judgement is not None]
    judged = np.array([one.value for one in said])
    yield (
        f"{name}: {values.mean():+.2f} in the mean by the model that was asked, {judged.mean():+.2f} by the judge, "
        f"which no search saw: a gap of {(values - judged).mean():.2f} (largest {(values - judged).max():.2f})"
    )
    yield (
        f"the judge puts the objective of the {_designs(count)} at percentile "
        f"{np.median([one.percentile for one in said]):.1f} of natural elements in the median"
    )
    if report.target is not None:
        above = sum(one.percentiles[report.target] >= TARGET_PERCENTILE for one in said)
        yield (
            f"{report.target}: {above} of {count} at or above the judge's {TARGET_PERCENTILE:g}th percentile of "
            f"natural elements (median {np.median([one.percentiles[report.target] for one in said]):.1f})"
        )
    for cell in report.against:
        below = sum(one.percentiles[cell] <= OFF_TARGET_PERCENTILE for one in said)
        yield (
            f"{cell}: {below} of {count} at or below the judge's median of natural elements (median "
            f"{np.median([one.percentiles[cell] for one in said]):.1f})"
        )
    gains = [one.judgement.value - one.start.value for one in report.designs if one.judgement and one.start]
    if gains:
        better = sum(gain > 0 for gain in gains)
        yield f"over their starts the judge sees a gain in {better} of {len(gains)}, {np.mean(gains):+.2f} in the mean"


def _checked(report: DesignReport) -> Iterator[str]:
    kinds = Counter(kind for one in report.designs for kind in {flag.split(":")[0] for flag in one.flags})
    words = ", ".join(f"{kind} {number}" for kind, number in sorted(kinds.items(), key=lambda one: (-one[1], one[0])))
    clean = sum(not one.flags for one in report.designs)
    yield f"flags: {clean} of {len(report.designs)} without any" + (f"; {words}" if words else "")
    if any(one.excess is None for one in report.designs):
        yield "out-of-domain: not known, as the model does not know its domain"


def _traced(report: DesignReport) -> Iterator[str]:
    told = [one for judged in report.designs for one in judged.predictions if one.verification is not None]
    if told:
        own = sum(one.written_by == "model" for one in told)
        holds = sum(one.verification is not None and one.verification.verified for one in told)
        yield f"traces: {holds:,} of {len(told):,} hold; the model wrote {own:,} of them itself"
    found = report.agreement
    if found is not None and found.sites:
        r = "" if found.r is None else f", r {found.r:.2f}"
        yield (
            f"trace and judge: {found.same_sign} of {found.sites} told sites of 0.1 or more move the judge the way the "
            f"trace says ({100 * found.same_sign / found.sites:.0f} %{r})"
        )


def _accounted(report: DesignReport) -> Iterator[str]:
    account = report.account
    if account.apart is not None:
        yield "edit distance of two designs: least {}, median {}, largest {}".format(*account.apart)
    yield (
        f"{account.sites:.1f} sites a design; commonest: "
        + (", ".join(f"{one.archetype} in {100 * one.designs:.0f} %" for one in account.motifs[:5]) or "none")
    )
    if account.natural is None:
        yield "nearest natural element: not known; name natural elements with --natural"
    else:
        yield "edits to the nearest natural element: least {}, median {}, largest {}".format(*account.natural)


def _designs(count: int) -> str:
    return f"{count:,} design{'' if count == 1 else 's'}"
