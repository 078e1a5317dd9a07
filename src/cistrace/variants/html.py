"""An effect as HTML, for a notebook. Everything in it is escaped."""

from __future__ import annotations

from html import escape

from cistrace.cards.html import card_html, html_table
from cistrace.io.terminal import printable
from cistrace.variants.effect import VariantEffect, interval
from cistrace.variants.show import verdict

_HEADER = ("variant", "cell type", "ref", "alt", "difference", "90 % interval", "percentile", "flags")


def effect_html(effect: VariantEffect) -> str:
    """The row of the table; below it, to be opened, the trace with its verdict, and both cards."""
    row = (
        printable(effect.variant.name), effect.cell_type, f"{effect.ref_activity:+.3f}", f"{effect.alt_activity:+.3f}",
        f"{effect.difference:+.3f}", interval(effect), "" if effect.percentile is None else f"{effect.percentile:.1f}",
        " ".join(effect.flags),
    )  # fmt: skip
    parts = [html_table(_HEADER, [row])]
    if (found := effect.contrast) is not None:
        text = escape(f"{found.text}\n\n{verdict(found)}")
        parts.append(f"<details open><summary>Trace</summary><pre>{text}</pre></details>")
        for name, card in (("Reference", found.ref_card), ("Alternative", found.alt_card)):
            parts.append(f"<details><summary>{name}: card</summary>{card_html(card)}</details>")
    return f"<div>{''.join(parts)}</div>"
