"""Predictions on a terminal: a table, then every trace with its verdict."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cistrace.io.terminal import printable
from cistrace.predictions.prediction import Prediction
from cistrace.traces.templates import THINK_END

WIDE = 100  # columns of a terminal from which flags may take more than one word a line


def show_predictions(predictions: list[Prediction], console: Console) -> None:
    """Print a table of predictions, then every trace with its verdict. Nothing is read as markup."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    # Fits 80 columns with ids of 20 letters and the longest flag on one line.
    narrow = console.width < WIDE
    longest = max((len(mark) for one in predictions for mark in one.flags), default=0) if narrow else None
    for name in ("id", "cell", "activity", "90 % interval", "pctile", "level"):
        table.add_column(
            name, overflow="fold", justify="left" if name in ("id", "cell") else "right", no_wrap=name != "id"
        )
    table.add_column("flags", overflow="fold", width=longest and max(longest, len("flags")))
    for one in predictions:
        interval = f"{one.lower:+.2f} to {one.upper:+.2f}"
        figures = (f"{one.activity:+.3f}", interval, f"{one.percentile:.1f}", str(one.level))
        row = (printable(one.id), one.cell_type, *figures, " ".join(one.flags))
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
    for one in predictions:
        if one.trace_text is not None:
            console.print(Text(f"\n{printable(one.id)} in {one.cell_type}", style="bold"), soft_wrap=True)
            console.print(Text(printable(one.trace_text.replace(THINK_END, ""))), soft_wrap=True)
            console.print(Text(verdict(one)), soft_wrap=True)


def verdict(prediction: Prediction) -> str:
    """What verification says of a trace, in words; one more line for everything that failed."""
    found = prediction.verification
    if found is None:
        return "Not verified: the text is not a trace."
    if found.verified:
        return f"Verified: all {found.claims} claims agree with the card.{_level_remark(prediction)}"
    lines = [
        f"Not verified: {found.supported} of {found.claims} claims agree with the card.{_level_remark(prediction)}"
    ]
    lines += [
        printable(f"  step {finding.step}: {finding.reason}" if finding.step else f"  {finding.reason}")
        for finding in found.failed
    ]
    return "\n".join(lines)


def _level_remark(prediction: Prediction) -> str:
    """Says where the level at the trace's end, the writer's own word, is not the level of the activity."""
    concluded = prediction.trace.level if prediction.trace is not None else None
    if concluded in (None, prediction.level):
        return ""
    return f" It concludes level {concluded}; the activity is of level {prediction.level}."
