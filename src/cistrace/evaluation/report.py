"""The report of an evaluation, all of it from stored predictions: OUT/results.md."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cistrace.cards.json import read_card
from cistrace.evaluation import accuracy
from cistrace.evaluation.accuracy import Told, head, row
from cistrace.evaluation.arms import CARD, MODEL, Arm
from cistrace.evaluation.bench import Bench
from cistrace.evaluation.ceiling import Ceiling
from cistrace.evaluation.faith import TraceRates, trace_rates
from cistrace.evaluation.figures import FIGURES
from cistrace.evaluation.store import StoredPrediction
from cistrace.mpra.metrics import pearson

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
    bench: Bench,
    arms: Mapping[str, Arm],
    told: Mapping[str, Told],
    best: str,
    ceilings: list[Ceiling],
    stored: list[StoredPrediction],
) -> str:
    """Markdown: arms, accuracy, differences, specificity, categories, small draws, ceiling, traces.

    Parameters
    ----------
    told : mapping
        Every arm asked for, by name.
    best : str
        The arm that the others are compared with.
    stored : list of StoredPrediction
        What the model under evaluation wrote; empty where its arms were not asked for.
    """
    parts = [
        f"{len(bench.judged):,} elements of the {bench.split} split. Intervals: 95 % percentile bootstrap, 1,000 "
        "resamples of elements; an arm of several seeds has the mean of their figures. Activities in log2 RNA/DNA.",
        _arms(arms, told),
        "## Accuracy\n\n`level right` and macro-F1: quartiles of the training split's enhancers. `covered`, `width`: "
        "90 % intervals, from val.",
        accuracy.accuracy(bench, told),
        _picture("ladder"),
    ]
    if len(told) > 1:
        parts += [f"Pearson of `{best}` less that of the others, paired:", accuracy.differences(bench, told, best)]
    if len(bench.cell_types) > 1:
        parts += [
            "## Cell-type specificity\n\nPearson of the difference between two cell types; and of the tenth of "
            "elements predicted most specific (activity less the largest of the others), the share that is measured "
            "to be.",
            accuracy.specificity(bench, told),
        ]
    parts += [
        f"## By category, `{best}`",
        accuracy.categories(bench, told, best),
        "## As the paper samples: 1,000 draws of 100 elements\n\nMean and central 95 % of the draws.",
        accuracy.small_draws(bench, told),
        *(_picture(name) for name in FIGURES if name != "ladder"),
    ]
    if ceilings:
        parts += ["## The ceiling", _ceilings(ceilings)]
    if stored:
        parts += ["## Traces", _traces(bench, told, stored)]
    return "\n\n".join(parts) + "\n"


def _picture(name: str) -> str:
    return f"![{FIGURES[name]}](figures/{name}.png)"


def _arms(arms: Mapping[str, Arm], told: Mapping[str, Told]) -> str:
    lines = head("arm", "sees", "seeds")
    lines += [row(name, arms[name].sees, len(found.seeds)) for name, found in told.items()]
    return "\n".join(lines)


def _ceilings(ceilings: list[Ceiling]) -> str:
    lines = head("cell type", "n", "two experiments agree", "its square root")
    lines += [row(one.cell_type, f"{one.n:,}", one.agreement, f"{one.most:.3f}") for one in ceilings]
    said = (
        "Elements measured in the joint and in a single-cell-type library. A perfect model, judged on one measurement, "
        "would reach about the square root of their agreement."
    )
    return "\n".join([said, "", *lines])


def _traces(bench: Bench, told: Mapping[str, Told], stored: list[StoredPrediction]) -> str:
    cards = [read_card(entry.card) for entry in stored]
    free = [(entry.free, card) for entry, card in zip(stored, cards) if entry.free is not None]
    rates = {
        "the model": trace_rates((entry.text, card) for entry, card in zip(stored, cards)),
        "the model without the grammar": trace_rates(free),
        "the grounded writer": trace_rates((entry.grounded, card) for entry, card in zip(stored, cards)),
    }
    said = (
        "`strongest cited` weighs, card by card, how much of the five strongest contributions' absolute sum the motif "
        "steps cite. Without the grammar the first elements are decoded freely."
    )
    return "\n\n".join([said, _rates(rates), _variety(stored), *_shift(bench, told)])


def _rates(rates: Mapping[str, TraceRates]) -> str:
    lines = head("writer", "traces", *RATES)
    for writer, entry in rates.items():
        figures = (f"{100 * getattr(entry, name):.2f} %" for name in RATES.values())
        lines.append(row(writer, f"{entry.traces:,}", *figures))
    return "\n".join(lines)


def _variety(stored: list[StoredPrediction]) -> str:
    steps = {line for entry in stored for line in entry.text.splitlines()}
    return f"{len(stored):,} traces hold {len(steps):,} distinct lines."


def _shift(bench: Bench, told: Mapping[str, Told]) -> list[str]:
    if not {MODEL, CARD} <= told.keys():
        return []
    full, bare = told[MODEL].activity[0], told[CARD].activity[0]
    found = [
        f"{name} {np.median(np.abs(full[:, cell] - bare[:, cell])):.3f} (r {pearson(full[:, cell], bare[:, cell]):.4f})"
        for cell, name in enumerate(bench.cell_types)
    ]
    return ["Median distance between the score with a trace and from the card alone, log2: " + ", ".join(found) + "."]
