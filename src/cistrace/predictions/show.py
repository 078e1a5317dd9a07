"""Predictions on a terminal: a table that fits, then every trace with its verdict."""

from __future__ import annotations

import textwrap
from itertools import groupby

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from cistrace.io.terminal import elided, one_line, printable
from cistrace.predictions.prediction import Prediction, interval
from cistrace.traces.templates import THINK_END

ID_ROOM = 24  # columns; where a table leaves ids fewer and they need more, they get lines of their own
LONGEST_CELL_TYPE = 12
FIGURES = ("activity", "90 % interval", "pctile", "level")
INDENT = 2  # columns, of what stands below an id
GOOD, BAD = "green", "bold red"


def show_predictions(predictions: list[Prediction], console: Console) -> None:
    """Print a table of predictions, then every trace with its verdict. Nothing is read as markup.

    The table fits the console from 48 columns on: ids lose their middle where they are too long for it, or stand above
    their rows where hardly any room is left, and flags go below a row that is full. A trace stands below its whole id.
    """
    for row in _table(predictions, console.width):
        console.print(row, soft_wrap=True)
    for one in predictions:
        if one.trace_text is not None:
            console.print(Text(f"\n{one_line(one.id)} in {one_line(one.cell_type)}", style="bold"), soft_wrap=True)
            if where := place(one):
                console.print(Text(_wrapped(where, console.width)), soft_wrap=True)
            for line in printable(one.trace_text.replace(THINK_END, "")).split("\n"):
                console.print(Text(_wrapped(line, console.width)), soft_wrap=True)
            verified = one.verification is not None and one.verification.verified
            first, *rest = verdict(one).split("\n")
            console.print(Text(_wrapped(first, console.width), style=GOOD if verified else BAD), soft_wrap=True)
            for line in rest:
                console.print(Text(_wrapped(line, console.width)), soft_wrap=True)


def _table(predictions: list[Prediction], width: int) -> list[Text]:
    rows = [_figures(one) for one in predictions]
    sizes = [max(map(len, column)) for column in zip(FIGURES, *rows)]
    cell = min(LONGEST_CELL_TYPE, max(map(len, ("cell", *(one.cell_type for one in predictions)))))
    room = width - cell - sum(sizes) - len(sizes) - 1
    longest = max(len("id"), *(cell_len(one_line(one.id)) for one in predictions))
    stacked = room < min(ID_ROOM, longest)
    first = INDENT if stacked else min(room, longest)
    head = _row("" if stacked else "id", first, "cell", cell, FIGURES, sizes)
    if any(one.flags for one in predictions) and len(head) + len(" flags") <= width:
        head += " flags"
    lines = [Text(head, style="bold")]
    for identifier, group in groupby(zip(predictions, rows), key=lambda pair: pair[0].id):
        name = one_line(identifier)
        if stacked:
            lines.append(Text(elided(name, width)))
        for one, figures in group:
            row = _row("" if stacked else elided(name, first), first, one.cell_type, cell, figures, sizes)
            flags = " ".join(one.flags)
            if flags and len(row) + 1 + len(flags) <= width:
                row, flags = f"{row} {flags}", ""
            lines.append(Text(row))
            lines += [Text(" " * (INDENT + 2) + part) for part in textwrap.wrap(flags, max(width - INDENT - 2, 20))]
    return lines


def _figures(one: Prediction) -> tuple[str, ...]:
    return f"{one.activity:+.3f}", interval(one), f"{one.percentile:.1f}", str(one.level)


def _row(
    name: str, width: int, cell_type: str, cell: int, figures: tuple[str, ...], sizes: list[int]
) -> str:  # fmt: skip
    right = " ".join(f"{figure:>{size}}" for figure, size in zip(figures, sizes))
    return f"{name}{' ' * (width - cell_len(name))} {elided(one_line(cell_type), cell):{cell}} {right}"


def _wrapped(line: str, width: int) -> str:
    """A line in lines of whole words, all but the first indented as the text of a numbered step is."""
    return textwrap.fill(line, max(width, 20), subsequent_indent=" " * 3, break_on_hyphens=False) if line else ""


def place(prediction: Prediction) -> str:
    """Where in the input a trace speaks of, if it is a window of a longer one; empty where it is the whole."""
    if not any(mark.startswith("tiled:") for mark in prediction.flags):
        return ""
    window = f"{prediction.start + 1}-{prediction.end}"
    return f"Window {window} of the input; positions are those of the input."


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
    """Says where the level at the trace's end, the writer's own word, is not the most probable one."""
    concluded = prediction.trace.level if prediction.trace is not None else None
    if concluded in (None, prediction.level):
        return ""
    return f" It concludes level {concluded}; the most probable is {prediction.level}."
