"""Small drawings as SVG text, for notebooks and pages; without matplotlib. Every text in them is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import accumulate

from cistrace.plots.colours import BASES, LETTER, LOWERS, NEITHER, RAISES, WHOLE

ROW, NAMES, BARS, FIGURES = 18, 190, 300, 60  # pixels
STEP, TALL, MOST_BASES = 7, 40, 400  # pixels a base; pixels of the largest letter; bases that are drawn
_CAPITAL = 0.73  # height of a capital, in sizes of its font


def svg_waterfall(terms: Sequence[tuple[str, float]], total: float, label: str = "activity") -> str:
    """A sum, as `plots.waterfall` draws it: every bar begins where the sum stood; the last is the total."""
    stood = [0.0, *accumulate(amount for _, amount in terms)]
    low, high = min(*stood, total, 0.0), max(*stood, total, 0.0)
    scale = BARS / max(high - low, 1e-6)
    rows = [
        (name, begins, amount, RAISES if amount > 0 else LOWERS)
        for (name, amount), begins in zip(terms, stood, strict=False)
    ]
    parts = []
    for number, (name, begins, amount, colour) in enumerate([*rows, (label, 0.0, total, WHOLE)]):
        left, middle = NAMES + (min(begins, begins + amount) - low) * scale, (number + 0.5) * ROW
        parts.append(
            f'<text x="{NAMES - 6}" y="{middle:.0f}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{left:.1f}" y="{number * ROW + 2}" width="{abs(amount) * scale:.1f}" height="{ROW - 4}" '
            f'fill="{colour}"/><text x="{NAMES + BARS + 6}" y="{middle:.0f}">{amount:+.2f}</text>'
        )
    zero = NAMES - low * scale
    parts.append(f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{(len(rows) + 1) * ROW}" stroke="{NEITHER}"/>')
    return _drawing(NAMES + BARS + FIGURES, (len(rows) + 1) * ROW, "".join(parts))


def svg_logo(bases: str, values: Sequence[float], start: int = 0) -> str:
    """What each base adds, as `plots.bases` draws it, in one line of `MOST_BASES` at most.

    Parameters
    ----------
    values : sequence of float
        Log2 units.
    start : int
        Where the first base lies in its sequence, 0-based.
    """
    bases, largest = bases[:MOST_BASES], max([1e-6, *(abs(value) for value in values)])
    letters = []
    for at, (base, value) in enumerate(zip(bases, values, strict=False)):
        height = TALL * value / largest
        if base in BASES and abs(height) >= 0.5:
            letters.append(
                f'<text transform="translate({(at + 0.5) * STEP:.1f} {TALL}) scale(0.8 {height / 10 / _CAPITAL:.2f})" '
                f'fill="{BASES[base]}" text-anchor="middle" font-weight="bold" dominant-baseline="alphabetic">{base}'
                "</text>"
            )
    width, row = len(bases) * STEP, 2 * TALL + 12
    plain = "".join(
        f'<tspan x="{(at + 0.5) * STEP:.1f}" fill="{BASES.get(base, LETTER)}">{escape(base)}</tspan>'
        for at, base in enumerate(bases)
    )
    places = "".join(
        f'<text x="{(at - start - 0.5) * STEP:.1f}" y="{row + 13}" text-anchor="middle" font-size="9">{at}</text>'
        for at in range(start + 1, start + len(bases) + 1)
        if at % 10 == 0
    )
    line = f'<line x1="0" x2="{width}" y1="{TALL}" y2="{TALL}" stroke="{NEITHER}"/>'
    letters_row = f'<text y="{row}" text-anchor="middle" font-size="9">{plain}</text>'
    return _drawing(width + 2 * STEP, row + 22, line + "".join(letters) + letters_row + places)


def _drawing(width: int, height: int, content: str) -> str:
    return (
        f'<div style="overflow-x:auto"><svg width="{width}" height="{height}" style="display:block" font-size="10" '
        f'font-family="sans-serif" fill="currentColor" dominant-baseline="middle">{content}</svg></div>'
    )
