"""What a trace is worth to the score: delete its strongest motif step, or turn the step's direction, and score again.

A median shift under DECORATIVE log2 units means that the trace explains the card but hardly moves the score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from torch import Tensor

from cistrace.cards.json import read_card
from cistrace.errors import TraceError
from cistrace.evaluation.store import StoredPrediction, read_stored
from cistrace.predict import TOGETHER, Predictor, activity_of
from cistrace.traces.templates import DIRECTIONS
from cistrace.traces.text import parse_trace, render_trace
from cistrace.traces.trace import Claim, Trace
from cistrace.writers.prompts import Prompt, domain_prompt

DECORATIVE = 0.02


@dataclass(frozen=True, eq=False)
class Shift:
    """Absolute changes of activity, log2(RNA/DNA), float64 (N,), one a trace with a motif step."""

    name: str
    sizes: np.ndarray

    def __str__(self) -> str:
        low, middle, high = np.percentile(self.sizes, [25, 50, 75])
        return f"| {self.name} | {len(self.sizes):,} | {middle:.4f} | {low:.4f}-{high:.4f} |"


def strongest_motif(trace: Trace) -> int | None:
    """Place of the motif step with the largest absolute contribution; None where the trace has none."""
    sizes = {at: abs(float(s.get("contribution") or 0)) for at, s in enumerate(trace.steps) if s.kind == "motif"}
    return max(sizes, key=lambda at: sizes[at]) if sizes else None


def without(trace: Trace, at: int) -> Trace:
    """The trace without one step, the rest numbered anew."""
    return replace(trace, steps=trace.steps[:at] + trace.steps[at + 1 :])


def turned(trace: Trace, at: int) -> Trace:
    """The trace with one motif step's direction and sign of contribution turned round."""
    step = trace.steps[at]
    values = dict(step.values)
    raises, lowers, _ = DIRECTIONS
    values["direction"] = {raises: lowers, lowers: raises}.get(values["direction"], values["direction"])
    values["contribution"] = values["contribution"].translate(str.maketrans("+-", "-+"))
    steps = (*trace.steps[:at], Claim(step.kind, tuple(values.items())), *trace.steps[at + 1 :])
    return replace(trace, steps=steps)


ALTERATIONS: dict[str, Callable[[Trace, int], Trace]] = {
    "written anew as it is": lambda trace, at: trace,
    "strongest motif step deleted": without,
    "strongest motif step turned round": turned,
}


def altered(text: str, alter: Callable[[Trace, int], Trace]) -> str | None:
    """The text with its strongest motif step altered; None where it has none or does not parse."""
    try:
        trace = parse_trace(text)
    except TraceError:
        return None
    at = strongest_motif(trace)
    return None if at is None else render_trace(alter(trace, at))


def alterations(split: str, out: Path, checkpoint: Path | None = None) -> str:
    """Markdown table of shifts over all stored predictions of OUT/SPLIT.jsonl."""
    stored = read_stored(out / f"{split}.jsonl")
    predictor = Predictor(checkpoint)
    blocks = list(_shifts(predictor, stored))
    shifts = [Shift(name, np.concatenate(sizes)) for name, sizes in zip(ALTERATIONS, zip(*blocks))]
    head = ["| trace | n | median shift, log2 | quartiles |", "|---|---|---|---|"]
    decorative = float(np.median(shifts[1].sizes)) < DECORATIVE and float(np.median(shifts[2].sizes)) < DECORATIVE
    verdict = f"Under {DECORATIVE} the trace is called decorative: {'it is' if decorative else 'it is not'}."
    return "\n".join([*head, *(str(shift) for shift in shifts), "", verdict])


def _shifts(predictor: Predictor, stored: list[StoredPrediction]) -> Iterator[list[np.ndarray]]:
    """Absolute shifts by every alteration, a block of sequences at a time; stored rows come sequence by sequence."""
    cells = predictor.cell_types
    groups = [stored[at : at + len(cells)] for at in range(0, len(stored), len(cells))]
    for begin in range(0, len(groups), TOGETHER):
        block = groups[begin : begin + TOGETHER]
        prompts: list[list[Prompt]] = [[domain_prompt(read_card(row.card)) for row in group] for group in block]
        features = predictor.features(np.array([[row.tower for row in group] for group in block]))
        sizes = []
        for alter in ALTERATIONS.values():
            texts = [[altered(row.text, alter) for row in group] for group in block]
            given = [[text or row.text for text, row in zip(line, group)] for line, group in zip(texts, block)]
            scores = predictor.checkpoint.reasoner.rescore(prompts, given, features)
            sizes.append(_distances(predictor, block, texts, scores))
        yield sizes


def _distances(
    predictor: Predictor, block: list[list[StoredPrediction]], texts: list[list[str | None]], scores: Tensor
) -> np.ndarray:
    """How far scores lie from the stored activities, where a text was altered: float64 (N,), log2."""
    return np.array(
        [
            abs(activity_of(score, predictor.checkpoint.scales[row.cell_type], trace=True) - row.activity)
            for line, group, found in zip(texts, block, scores.tolist())
            for text, row, score in zip(line, group, found)
            if text is not None
        ]
    )
