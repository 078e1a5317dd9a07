"""A sum as a waterfall: every bar begins where the sum stood."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from matplotlib.axes import Axes

from cistrace.plots.colours import LOWERS, RAISES, WHOLE
from cistrace.plots.style import SMALL, tidy


def draw_waterfall(axes: Axes, terms: Sequence[tuple[str, float]], total: float, label: str = "activity") -> None:
    """A bar a term, from the top down, and the total.

    Parameters
    ----------
    terms : sequence of (str, float)
        Names and what each adds.
    """
    names, amounts = [name for name, _ in terms], [amount for _, amount in terms]
    stood = [0.0, *accumulate(amounts)]
    axes.barh(
        range(len(terms)), amounts, left=stood[:-1], color=[RAISES if amount > 0 else LOWERS for amount in amounts]
    )
    axes.barh(len(terms), total, color=WHOLE)
    for at, reached in enumerate(stood[1:]):
        axes.plot([reached, reached], [at - 0.4, at + 1.4], color=WHOLE, linewidth=0.6)
    low, high = min(*stood, total, 0.0), max(*stood, total, 0.0)
    for at, (begins, amount) in enumerate([*zip(stood, amounts, strict=False), (0.0, total)]):
        axes.annotate(
            f"{amount:+.2f}", (max(begins, begins + amount), at), xytext=(3, 0), textcoords="offset points",
            va="center", fontsize=SMALL - 2, annotation_clip=False,
        )  # fmt: skip
    room = max(high - low, 1e-6) * 0.16
    axes.set_xlim(low - room / 4, high + room)
    axes.set_yticks(range(len(terms) + 1), [*names, label], fontsize=SMALL - 1, parse_math=False)
    axes.axvline(0, color=WHOLE, linewidth=0.5)
    axes.tick_params(axis="x", labelsize=SMALL - 1)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    tidy(axes)
