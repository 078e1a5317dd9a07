"""Tables from stored predictions."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from cistrace.card_json import read_card
from cistrace.evaluation.faith import TraceRates, trace_rates
from cistrace.evaluation.metrics import bootstrap, coverage, pearson, rmse, spearman
from cistrace.mpra import MpraTable, read_joint
from cistrace.records import Card


def report(data: Path | None, split: str, out: Path) -> str:
    """Markdown: accuracy of every arm with intervals, then the traces' rates."""
    table = read_joint(data).split(split)
    full, bare = _read(out / f"full-{split}.jsonl"), _read(out / f"card_only-{split}.jsonl")
    stored = _read(out / f"cards-{split}.jsonl")
    cells = len(table.cell_types)
    arms = {
        "card and self-written trace": _column(full, "activity", cells),
        "card alone": _column(bare, "activity", cells),
        "towers alone": _column(stored, "tower", cells),
    }
    lines = [_accuracy(table, arms), "", _coverage(table, full), "", _shift(table, arms), ""]
    cards = [read_card(row["card"]) for row in stored]
    free = [json.loads(line) for line in (out / f"free-{split}.jsonl").read_text().splitlines()]
    rates = {
        "reasoner": trace_rates((row["text"], card) for row, card in zip(full, cards, strict=True)),
        "reasoner without the grammar": trace_rates(zip(free, cards[: len(free)], strict=True)),
        "grounded writer": trace_rates((row["grounded"], card) for row, card in zip(stored, cards, strict=True)),
    }
    return "\n".join([*lines, _rates(rates), "", _variety(full, cards)])


def _read(path: Path) -> list[dict]:  # type: ignore[type-arg]
    with path.open() as handle:
        return [json.loads(line) for line in handle]


def _column(rows: list[dict], name: str, cells: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.array([row[name] for row in rows], dtype=float).reshape(-1, cells)


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


def _coverage(table: MpraTable, full: list[dict]) -> str:  # type: ignore[type-arg]
    cells = len(table.cell_types)
    lower, upper = _column(full, "lower", cells), _column(full, "upper", cells)
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
    names = ("parsed", "claims_verified", "verified", "varied", "unrepeated", "cited")
    heads = "parse | claims verified | whole traces verified | 3 or more kinds | no step twice | strongest cited"
    lines = [f"| writer | traces | {heads} |", "|---|" + "---|" * (len(names) + 1)]
    for writer, entry in rates.items():
        figures = " | ".join(f"{100 * getattr(entry, name):.2f} %" for name in names)
        lines.append(f"| {writer} | {entry.traces:,} | {figures} |")
    return "\n".join(lines)


def _variety(full: list[dict], cards: list[Card]) -> str:  # type: ignore[type-arg]
    texts = {line for row in full for line in (row["text"] or "").splitlines()}
    return f"{len(cards):,} traces hold {len(texts):,} distinct lines."
