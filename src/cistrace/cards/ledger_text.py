"""A ledger in plain text: one line a term, with what the sum has come to."""

from __future__ import annotations

from itertools import accumulate

from cistrace.cards.ledger import Ledger, SiteAmount

NAMED = 5  # sites that are told one by one


def ledger_text(ledger: Ledger, named: int = NAMED) -> str:
    """The backdrop, the sites of the largest amounts, the others in one line, the total; positions 1-based, inclusive.

    Figures are rounded so that the lines add up: each running sum is rounded, and a line says by how much it moved.
    """
    rows = [("backdrop, without any site", ledger.backdrop)]
    rows += [(_site(one), one.amount) for one in ledger.sites[:named]]
    if left := ledger.sites[named:]:
        rows.append((f"{len(left)} other site{'s' * (len(left) > 1)}", ledger.rest(named)))
    width = max(len(label) for label, _ in rows)
    lines, shown = [], 0
    for (label, _), exact in zip(rows, accumulate(amount for _, amount in rows), strict=True):
        before, shown = shown, round(100 * exact)
        lines.append(f"  {label:{width}}  {(shown - before) / 100:+6.2f}  {shown / 100:+6.2f}")
    return "\n".join([f"{ledger.cell_type}: {shown / 100:+.2f}", *lines])


def _site(one: SiteAmount) -> str:
    site = one.site
    place = f"{site.start + 1}-{site.end} ({site.hit.strand})"
    return f"{site.symbol} site [{site.archetype}] at {place}, {site.hit.score:.0f} bits"
