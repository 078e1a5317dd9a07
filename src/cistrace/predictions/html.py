"""Predictions as HTML, for a notebook. Everything in it is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from cistrace.cards.html import card_html, html_table
from cistrace.io.terminal import printable
from cistrace.plots.markup import svg_waterfall
from cistrace.predictions.ledger import ledger_terms
from cistrace.predictions.prediction import Prediction, interval
from cistrace.predictions.show import place, verdict
from cistrace.traces.templates import THINK_END

MOST_ROWS = 60
_HEADER = ("id", "cell type", "activity", "90 % interval", "percentile", "level", "flags")


def prediction_html(prediction: Prediction) -> str:
    """The row of the table; below it, to be opened, the trace with its verdict, the ledger, and the card."""
    parts = [html_table(_HEADER, [_row(prediction)])]
    if prediction.trace_text is not None:
        text = printable(prediction.trace_text.replace(THINK_END, "")).strip()
        text = f"{place(prediction)}\n{text}".strip()
        parts.append(_details("Trace", f"<pre>{escape(text)}\n\n{escape(verdict(prediction))}</pre>", shown=True))
    if prediction.ledger is not None:
        parts.append(_details("Ledger", svg_waterfall(ledger_terms(prediction.ledger), prediction.ledger.total)))
    if prediction.card is not None:
        parts.append(_details("Card", card_html(prediction.card)))
    return f"<div>{''.join(parts)}</div>"


def predictions_html(predictions: Sequence[Prediction]) -> str:
    """A table of the first predictions, and how many more there are."""
    left = len(predictions) - MOST_ROWS
    more = f"<p>and {left:,} more</p>" if left > 0 else ""
    return f"<div>{html_table(_HEADER, map(_row, predictions[:MOST_ROWS]))}{more}</div>"


def _row(prediction: Prediction) -> tuple[str, ...]:
    return (
        printable(prediction.id), prediction.cell_type, f"{prediction.activity:+.3f}", interval(prediction),
        f"{prediction.percentile:.1f}", str(prediction.level), " ".join(prediction.flags),
    )  # fmt: skip


def _details(title: str, content: str, shown: bool = False) -> str:
    return f"<details{' open' if shown else ''}><summary>{title}</summary>{content}</details>"
