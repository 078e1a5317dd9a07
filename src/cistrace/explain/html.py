"""What bases do as HTML, for a notebook. Everything in it is escaped."""

from __future__ import annotations

from html import escape

import numpy as np

from cistrace.cards.html import html_table
from cistrace.explain.base_effects import BASES, BaseEffects
from cistrace.io.terminal import printable
from cistrace.plots.markup import MOST_BASES, svg_logo

STRONGEST = 3  # changes that are told, either way


def effects_html(found: BaseEffects) -> str:
    """A logo a cell type, of the first bases where they are many; below it the strongest changes and the check."""
    parts = [f"<b>{escape(printable(found.sequence.id))}</b>, {len(found.sequence.bases):,} bp"]
    for column, cell in enumerate(found.cell_types):
        shown = min(MOST_BASES, len(found.sequence.bases))
        parts.append(f"<p>{escape(cell)}{'' if shown == len(found.sequence.bases) else f', bases 1-{shown}'}</p>")
        if found.contributions is not None:
            parts.append(svg_logo(found.sequence.bases, found.contributions[:, column].tolist()))
        parts.append(html_table(("base", "by", "changes activity by"), _strongest(found, column)))
    lost = [np.abs(one.lost).max() for one in found.windows if one.lost is not None]
    if lost:
        parts.append(f"<p>Contributions add up to the activity within {max(lost):.3f}.</p>")
    return f"<div>{''.join(parts)}</div>"


def _strongest(found: BaseEffects, column: int) -> list[tuple[str, str, str]]:
    """The changes that raise and lower most, by rising change."""
    changes = found.changes[:, :, column].ravel()
    order = [int(at) for at in np.argsort(changes, kind="stable") if changes[at]]
    order = [at for at in order if np.isfinite(changes[at])]
    chosen = dict.fromkeys([*order[:STRONGEST], *order[-STRONGEST:]])
    letters = found.sequence.bases
    return [
        (f"{letters[at // len(BASES)]} {at // len(BASES) + 1}", BASES[at % len(BASES)], f"{changes[at]:+.3f}")
        for at in chosen
    ]
