"""Effects of variants on a terminal: a table, then every trace with its verdict."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from cistrace.io.terminal import elided, one_line
from cistrace.variants.contrast import Contrast
from cistrace.variants.effect import VariantEffect, interval

NAME_ROOM = 36  # columns of a variant's name at most
HEADER = ("variant", "cell", "ref", "alt", "difference", "90 % interval", "pctile")
GOOD, BAD = "green", "bold red"


def show_effects(effects: list[VariantEffect], console: Console) -> None:
    """Print a table of effects, then every trace with its verdict. Nothing is read as markup."""
    rows = [HEADER, *map(_row, effects)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEADER))]
    for number, (row, flags) in enumerate(zip(rows, ["flags", *(" ".join(one.flags) for one in effects)], strict=True)):
        cells = [
            text.ljust(width) if at < 2 else text.rjust(width) for at, (text, width) in enumerate(zip(row, widths))
        ]
        console.print(Text(" ".join([*cells, flags]).rstrip(), style="bold" if not number else ""), soft_wrap=True)
    for one in effects:
        if one.contrast is not None:
            title = f"\n{one_line(one.variant.name)} in {one_line(one.cell_type)}: {one.difference:+.2f}"
            console.print(Text(title, style="bold"), soft_wrap=True)
            console.print(Text(one.contrast.text), soft_wrap=True)
            console.print(Text(verdict(one.contrast), style=GOOD if one.contrast.verified else BAD), soft_wrap=True)


def verdict(found: Contrast) -> str:
    """What verification says of a trace, in words."""
    if found.verified:
        return f"Verified: all {len(found.steps)} claims agree with the two cards."
    wrong = "; ".join(one.reason for one in found.findings if not one.supported)
    return f"Not verified: {wrong}"


def _row(one: VariantEffect) -> tuple[str, ...]:
    percentile = "" if one.percentile is None else f"{one.percentile:.1f}"
    return (
        elided(one_line(one.variant.name), NAME_ROOM),
        one_line(one.cell_type),
        f"{one.ref_activity:+.3f}",
        f"{one.alt_activity:+.3f}",
        f"{one.difference:+.3f}",
        interval(one),
        percentile,
    )
