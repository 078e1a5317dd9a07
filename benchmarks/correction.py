"""Whether what a trace says adds to what it sums up to: a correction learnt from the words of traces alone.

    python benchmarks/correction.py --data DIR [--rows N]

DIR holds joint_mpra.tsv.gz. The towers saw no val row, so that what is left of a val measurement beside the ledger's
total is honest. A ridge learns it from what traces tell (per archetype: how many sites, their amounts, on either
strand; the composition's and the bases' part, interplay, the rest, the level), never from the card or the sequence, on
two of val's three chromosomes, and corrects the third; penalties are chosen within the two. A correction is worth its
line in a trace where the paired interval of its gain lies above zero. Traces are the grounded writer's, which tell what
a model's that hold tell. Minutes; markdown on stdout.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV

from cistrace.cards.windows import SequenceWindow, Window
from cistrace.io.dna_sequence import DnaSequence
from cistrace.mpra.table import read_joint
from cistrace.predict import Predictor
from cistrace.traces.grounded import write
from cistrace.traces.ledger import added
from cistrace.traces.trace import Trace

PENALTIES = np.logspace(0, 5, 11)
BOOTSTRAPS = 2_000
BLOCK = 192


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int)
    options = parser.parse_args()
    table = read_joint(options.data).split("val")
    rows = np.random.default_rng(0).permutation(len(table))[: options.rows]
    predictor = Predictor()
    traces, totals = told(predictor, [table.sequences[row] for row in rows])
    places = np.array([table.chromosomes[row] for row in rows])
    print(f"{len(rows)} val elements\n")
    print("| cell type | r of the total | r with a correction | gain, paired 95 % interval |\n|---|---|---|---|")
    for column, cell_type in enumerate(predictor.cell_types):
        measured = table.activity[rows, column].astype(np.float64)
        seen = np.isfinite(measured)
        design = words([one[column] for one in traces])[seen]
        total, truth, chromosome = totals[seen, column], measured[seen], places[seen]
        corrected = total.copy()
        for held in np.unique(chromosome):
            out = chromosome == held
            scale = design[~out].std(axis=0) + 1e-9
            fit = RidgeCV(PENALTIES).fit(design[~out] / scale, truth[~out] - total[~out])
            corrected[out] += fit.predict(design[out] / scale)
        low, middle, high = gain(total, corrected, truth)
        r, better = np.corrcoef(total, truth)[0, 1], np.corrcoef(corrected, truth)[0, 1]
        print(f"| {cell_type} | {r:.4f} | {better:.4f} | {middle:+.4f} ({low:+.4f} to {high:+.4f}) |")


def told(predictor: Predictor, sequences: list[str]) -> tuple[list[list[Trace]], NDArray[np.float64]]:
    """Traces of every sequence in every cell type, and the totals they come to: float64 (N, cell types)."""
    traces: list[list[Trace]] = []
    totals: list[list[float]] = []
    for begin in range(0, len(sequences), BLOCK):
        block = sequences[begin : begin + BLOCK]
        windows = [SequenceWindow(DnaSequence("", bases, ""), Window(0, len(bases))) for bases in block]
        for one in predictor.maker.window_cards(windows, predictor.cell_types):
            traces.append([write(card) for card in one.cards])
            totals.append([card.ledger.total for card in one.cards if card.ledger is not None])
    return traces, np.array(totals)


def words(traces: list[Trace]) -> NDArray[np.float64]:
    """What traces tell, as numbers: (N, features)."""
    rows: list[dict[str, float]] = []
    for trace in traces:
        row: dict[str, float] = defaultdict(float)
        for step in trace.steps:
            values = dict(step.values)
            row[f"steps {step.kind}"] += 1
            row[f"amount {step.kind}"] += added(step) / 100
            if step.kind == "site":
                row[f"count {values['archetype']}"] += 1
                row[f"amount {values['archetype']}"] += added(step) / 100
                row[f"strand {values['strand']}"] += added(step) / 100
                row[f"known {values['known']}"] += added(step) / 100
        row["level"] = float(trace.level or 0)
        rows.append(row)
    names = sorted({name for row in rows for name in row})
    return np.array([[row[name] for name in names] for row in rows])


def gain(
    total: NDArray[np.float64], corrected: NDArray[np.float64], truth: NDArray[np.float64]
) -> tuple[float, float, float]:
    """What the correction adds to r: lower end, value, upper end."""
    random = np.random.default_rng(0)

    def difference(at: NDArray[np.int64]) -> float:
        return float(np.corrcoef(corrected[at], truth[at])[0, 1] - np.corrcoef(total[at], truth[at])[0, 1])

    draws = [difference(random.integers(0, len(truth), len(truth))) for _ in range(BOOTSTRAPS)]
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), difference(np.arange(len(truth))), float(high)


if __name__ == "__main__":
    main()
