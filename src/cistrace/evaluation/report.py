"""The report of an evaluation, all of it from stored predictions: OUT/results.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.json import read_card
from cistrace.checkpoints.schema import CONFIG, model_folder
from cistrace.evaluation import accuracy
from cistrace.evaluation.accuracy import Predictions, head, row
from cistrace.evaluation.alterations import DECORATIVE
from cistrace.evaluation.ceiling import Ceiling
from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.contenders import CARD, MODEL, Contender
from cistrace.evaluation.figures import FIGURES
from cistrace.evaluation.store import StoredPrediction
from cistrace.evaluation.trace_rates import TraceRates, trace_rates
from cistrace.io.hashes import file_hash
from cistrace.mpra.metrics import pearson
from cistrace.traces.text import read_trace
from cistrace.version import __version__

RATES = {
    "parse": "parsed",
    "claims verified": "claims_verified",
    "their single fields": "fields_verified",
    "whole traces verified": "verified",
    "3 or more kinds": "varied",
    "no step twice": "unrepeated",
    "strongest cited": "cited",
}


def report(
    comparison: Comparison,
    contenders: Sequence[Contender],
    predictions: Predictions,
    best: str,
    ceilings: list[Ceiling],
    stored: list[StoredPrediction],
    shifts: Mapping[str, NDArray[np.float64]],
    command: str,
) -> str:
    """Markdown: contenders, accuracy, differences, specificity, intervals, categories, small draws, ceiling, traces.

    Parameters
    ----------
    predictions : mapping
        Those of every contender asked for, by name.
    best : str
        The contender that the others are compared with.
    stored : list of StoredPrediction
        What the model under evaluation says and writes; empty where its contenders were not asked for.
    shifts : mapping
        By how the step of a trace about its largest site was altered, how far that moved the activity, log2; empty
        without traces.
    command : str
        What made the report.
    """
    several = len(comparison.cell_types) > 1
    parts = [
        "# Results",
        *_about(comparison, command),
        _contenders(contenders, predictions),
        "## Accuracy\n\n`level right` and macro-F1: levels 0-3 between the data's cut points. `covered`, `width`: 90 % "
        "intervals, from val.",
        accuracy.accuracy(comparison, predictions),
        _picture("ladder"),
    ]
    if len(predictions) > 1:
        parts += [
            f"Pearson of `{best}` less that of the others, paired:",
            accuracy.differences(comparison, predictions, best),
        ]
    if several:
        parts += [
            "## Cell-type specificity\n\nPearson of the difference between two cell types; and of the tenth of "
            "elements predicted most specific (activity less the largest of the others), the share that is measured "
            "to be.",
            accuracy.specificity(comparison, predictions),
        ]
    parts += [
        f"## Intervals, `{best}`\n\nShare of measurements inside their 90 % intervals, by tenth of the predicted "
        "activity, the weakest first.",
        accuracy.coverage(comparison, predictions, best),
    ]
    if any(comparison.judged.categories):
        parts += [f"## By category, `{best}`", accuracy.categories(comparison, predictions, best)]
    if len(comparison.judged) > accuracy.PAPER_DRAW:
        parts += [
            "## As the paper samples: 1,000 draws of 100 elements\n\nMean and central 95 % of the draws.",
            accuracy.small_draws(comparison, predictions),
        ]
    parts += [_picture(name) for name in FIGURES if name != "ladder"]
    if ceilings:
        parts += ["## The ceiling", ceilings_table(ceilings)]
    if any(entry.text is not None for entry in stored):
        parts += ["## Traces", *_traces(stored), *_shift(comparison, predictions), *_alterations(shifts)]
    return "\n\n".join(parts) + "\n"


def _about(comparison: Comparison, command: str) -> Iterator[str]:
    """What was judged, by what it was made, and what a reader must know of it."""
    model = "the shipped model" if comparison.model is None else f"`{comparison.model.resolve().name}`"
    checkpoint = file_hash(model_folder(comparison.model) / CONFIG)[:12]
    yield (
        f"{len(comparison.judged):,} elements of the {comparison.split} split of `{comparison.source}`; {model} "
        f"(checkpoint.json {checkpoint}), cistrace {__version__}. Made by"
    )
    yield f"    {command}"
    yield (
        "Intervals: 95 % percentile bootstrap, 1,000 resamples of elements; a contender of several seeds has the mean "
        "of their figures. Activities in log2 RNA/DNA."
    )
    if comparison.split == "val":
        yield "Contenders are chosen and calibrated on val: what they reach there flatters them."
    if comparison.not_judged:
        yield f"Not judged, as the model does not know them: {', '.join(comparison.not_judged)}."


def _picture(name: str) -> str:
    return f"![{FIGURES[name]}](figures/{name}.png)"


def _contenders(contenders: Sequence[Contender], predictions: Predictions) -> str:
    lines = head("contender", "sees", "seeds")
    lines += [row(one.name, one.sees, len(predictions[one.name].seeds)) for one in contenders]
    return "\n".join(lines)


def ceilings_table(ceilings: list[Ceiling]) -> str:
    """How far two experiments agree, a cell type a row."""
    lines = head("cell type", "n", "two experiments agree", "its square root")
    lines += [row(one.cell_type, f"{one.n:,}", one.agreement, f"{one.most:.3f}") for one in ceilings]
    about = (
        "Elements measured in the joint and in a single-cell-type library. A perfect model, judged on one measurement, "
        "would reach about the square root of their agreement."
    )
    return "\n".join([about, "", *lines])


def _traces(stored: list[StoredPrediction]) -> Iterator[str]:
    cards = [read_card(entry.card) for entry in stored]

    def rates(which: str) -> TraceRates:
        texts = ((getattr(entry, which), card) for entry, card in zip(stored, cards, strict=True))
        return trace_rates((text, card) for text, card in texts if text is not None)

    writers = {
        "the model": rates("text"),
        "the model without the grammar": rates("free"),
        "the grounded writer": rates("grounded"),
    }
    yield (
        "`strongest cited` weighs, card by card, how much of the five largest amounts' absolute sum the steps about "
        "sites tell. Without the grammar the first elements are decoded freely."
    )
    lines = head("writer", "traces", *RATES)
    for writer, found in writers.items():
        if found.traces:
            shares = (f"{100 * getattr(found, name):.2f} %" for name in RATES.values())
            lines.append(row(writer, f"{found.traces:,}", *shares))
    yield "\n".join(lines)
    by = Counter(entry.written_by for entry in stored if entry.written_by is not None)
    if by:
        counts = ", ".join(f"{name} {count:,} ({100 * count / by.total():.2f} %)" for name, count in by.most_common())
        yield f"Only traces that hold are reported. They were written by: {counts}."
    read = [read_trace(entry.text) for entry in stored if entry.text is not None]
    kinds = Counter(" ".join(step.kind for step in one.trace.steps) for one in read if not one.faults)
    for skeleton, count in kinds.most_common(1):
        share = 100 * count / kinds.total()
        yield f"The commonest order of kinds of steps, of {len(kinds):,}: {skeleton} ({share:.1f} %)."
    steps = {line for entry in stored for line in (entry.text or "").splitlines()}
    yield f"{sum(entry.text is not None for entry in stored):,} traces hold {len(steps):,} distinct lines."


def _shift(comparison: Comparison, predictions: Predictions) -> Iterator[str]:
    if not {MODEL, CARD} <= predictions.keys():
        return
    full, bare = predictions[MODEL].activity[0], predictions[CARD].activity[0]
    found = [
        f"{name} {np.median(np.abs(full[:, cell] - bare[:, cell])):.3f} (r {pearson(full[:, cell], bare[:, cell]):.4f})"
        for cell, name in enumerate(comparison.cell_types)
    ]
    yield "Median distance between the score with a trace and from the card alone, log2: " + ", ".join(found) + "."


def _alterations(shifts: Mapping[str, NDArray[np.float64]]) -> Iterator[str]:
    if not all(len(sizes) for sizes in shifts.values()):
        return
    yield "The step of a trace about its largest site altered, and the score read again:"
    lines = head("step", "n", "median shift, log2", "quartiles")
    for name, sizes in shifts.items():
        low, middle, high = np.percentile(sizes, [25, 50, 75])
        lines.append(row(name, f"{len(sizes):,}", f"{middle:.4f}", f"{low:.4f}-{high:.4f}"))
    yield "\n".join(lines)
    decorative = all(np.median(sizes) < DECORATIVE for sizes in shifts.values())
    yield f"Under {DECORATIVE} a trace is called decorative for the score: these {'are' if decorative else 'are not'}."
