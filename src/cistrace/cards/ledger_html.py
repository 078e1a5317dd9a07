"""A ledger as HTML, for a notebook. Everything in it is escaped."""

from __future__ import annotations

from html import escape

from cistrace.cards.explanation import Explanation
from cistrace.cards.ledger import Ledger
from cistrace.cards.ledger_text import NAMED
from cistrace.plots.markup import svg_waterfall


def ledger_html(ledger: Ledger) -> str:
    """Backdrop, the sites of the largest amounts, all others in one bar, and the total; positions from 1."""
    terms = [("backdrop", ledger.backdrop)]
    terms += [(f"{one.site.symbol} {one.site.start + 1}-{one.site.end}", one.amount) for one in ledger.sites[:NAMED]]
    if left := ledger.sites[NAMED:]:
        terms.append((f"{len(left)} other site{'s' * (len(left) > 1)}", ledger.rest(NAMED)))
    return f"<div><b>Ledger</b> {escape(ledger.cell_type)}{svg_waterfall(terms, ledger.total)}</div>"


def explanation_html(explanation: Explanation) -> str:
    """The sequence's name, and a ledger a cell type."""
    sequence = explanation.sequence
    ledgers = "".join(map(ledger_html, explanation.ledgers))
    return f"<div><b>{escape(sequence.id)}</b>, {len(sequence.bases):,} bp{ledgers}</div>"
