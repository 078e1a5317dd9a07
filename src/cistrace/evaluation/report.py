"""Tables from stored predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cistrace.card_json import read_card
from cistrace.evaluation.faith import TraceRates, trace_rates
from cistrace.evaluation.metrics import bootstrap, coverage, pearson, rmse, spearman
from cistrace.evaluation.store import Stored, read_stored
from cistrace.mpra import MpraTable, read_joint

HEADER = """# Results

The {split} split of the joint lentiMPRA library (Agarwal et al. 2025), or a random sample of it where the commands
name --rows; the shipped checkpoint; traces the model wrote itself. Intervals are 95 % percentile bootstraps over 1,000
resamples of elements. Made by

    python -m cistrace.evaluation predict --data DIR --split {split}{rows} -o OUT
    python -m cistrace.evaluation report --data DIR --split {split}{rows} -o OUT

`cited` weighs, card by card, how much of the five strongest contributions' absolute sum the trace's motif steps cite.
The reasoner without the grammar decodes the split's first elements freely.
"""


def report(data: Path | None, split: str, out: Path, rows: int | None) -> str:
    """Markdown: accuracy of every arm with intervals, then the traces' rates."""
    table = read_joint(data).split(split).sample(rows)
    stored = read_stored(out / f"{split}.jsonl")
    cells = len(table.cell_types)

    def column(name: str) -> np.ndarray:
        return np.array([getattr(row, name) for row in stored], dtype=float).reshape(-1, cells)

    arms = {
        "card and self-written trace": column("activity"),
        "card alone": column("card_only"),
        "towers alone": column("tower"),
    }
    cards = [read_card(row.card) for row in stored]
    free = [(row.free, card) for row, card in zip(stored, cards, strict=True) if row.free is not None]
    rates = {
        "reasoner": trace_rates((row.text, card) for row, card in zip(stored, cards, strict=True)),
        "reasoner without the grammar": trace_rates(free),
        "grounded writer": trace_rates((row.grounded, card) for row, card in zip(stored, cards, strict=True)),
    }
    parts = [
        HEADER.format(split=split, rows=f" --rows {rows}" if rows else ""),
        _accuracy(table, arms),
        _coverage(table, column("lower"), column("upper")),
        _shift(table, arms),
        _rates(rates),
        _variety(stored),
    ]
    return "\n\n".join(parts)


def _accuracy(table: MpraTable, arms: dict[str, np.ndarray]) -> str:
    lines = ["| arm | cell type | n | Pearson | Spearman | RMSE |", "|---|---|---|---|---|---|"]
    for arm, predicted in arms.items():
        for cell, name in enumerate(table.cell_types):
            measured = table.activity[:, cell]
            seen = np.isfinite(measured)
            pair = (predicted[seen, cell], measured[seen])
            figures = [str(bootstrap(metric, *pair)) for metric in (pearson, spearman, rmse)]
            lines.append(f"| {arm} | {name} | {seen.sum():,} | {' | '.join(figures)} |")
    return "\n".join(lines)


def _coverage(table: MpraTable, lower: np.ndarray, upper: np.ndarray) -> str:
    found = []
    for cell, name in enumerate(table.cell_types):
        seen = np.isfinite(table.activity[:, cell])
        share = coverage(lower[seen, cell], upper[seen, cell], table.activity[seen, cell])
        width = float(np.mean(upper[seen, cell] - lower[seen, cell]))
        found.append(f"{name} {100 * share:.1f} % (width {width:.2f})")
    return "Coverage of the 90 % intervals: " + ", ".join(found) + "."


def _shift(table: MpraTable, arms: dict[str, np.ndarray]) -> str:
    full, bare = arms["card and self-written trace"], arms["card alone"]
    found = [
        f"{name} {np.median(np.abs(full[:, cell] - bare[:, cell])):.3f} (r {pearson(full[:, cell], bare[:, cell]):.4f})"
        for cell, name in enumerate(table.cell_types)
    ]
    return "Median distance between the score with a trace and from the card alone, log2: " + ", ".join(found) + "."


def _rates(rates: dict[str, TraceRates]) -> str:
    names = ("parsed", "claims_verified", "fields_verified", "verified", "varied", "unrepeated", "cited")
    heads = (
        "parse | claims verified | their single fields | whole traces verified | 3 or more kinds | no step twice"
        " | strongest cited"
    )
    lines = [f"| writer | traces | {heads} |", "|---|" + "---|" * (len(names) + 1)]
    for writer, entry in rates.items():
        figures = " | ".join(f"{100 * getattr(entry, name):.2f} %" for name in names)
        lines.append(f"| {writer} | {entry.traces:,} | {figures} |")
    return "\n".join(lines)


def _variety(stored: list[Stored]) -> str:
    steps = {line for row in stored for line in row.text.splitlines()}
    return f"{len(stored):,} traces hold {len(steps):,} distinct lines."
