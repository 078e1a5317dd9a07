"""Entries, subjects and small tables for the tests of the data set."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from cli_helpers import a_card

from cistrace.cards.card import Card
from cistrace.cards.text import render_card
from cistrace.mpra.table import MpraTable
from cistrace.reasonbench.entries import Entry
from cistrace.reasonbench.gates import judge
from cistrace.traces.grounded import write
from cistrace.traces.text import render_trace

CUTS = (-0.5, 0.0, 0.7)
BASES = "ACGTTGCAAGTCCGATAGCTTGCACCGTATTAGC"


def a_trace(card: Card, level: int | None = None) -> str:
    return render_trace(write(card, level))


def an_entry(name: str = "e1", split: str = "train", level: int = 2, cell_type: str = "K562", row: int = 0) -> Entry:
    card = a_card(cell_type)
    judged = judge(a_trace(card), card)
    return Entry(
        row, name, cell_type, split, 0.5, level, render_card(card), judged.text, judged.level, judged.kinds,
        judged.faults, "grounded",
    )  # fmt: skip


def a_table(
    rows: int = 240, cell_types: tuple[str, ...] = ("K562", "liver cells"), length: int = 120, noise: float = 0.2
) -> MpraTable:
    """Random elements on six chromosomes; activity rises with GC and with a planted motif."""
    random = np.random.default_rng(0)
    planted = random.random(rows) < 0.5
    sequences = []
    for row in range(rows):
        share = random.uniform(0.35, 0.65)
        bases = list(random.choice(list("ACGT"), length, p=[(1 - share) / 2, share / 2, share / 2, (1 - share) / 2]))
        if planted[row]:
            bases[20:31] = "CCACGCCCACC"  # a KLF/SP site
        sequences.append("".join(bases))
    gc = np.array([(bases.count("G") + bases.count("C")) / length for bases in sequences])
    activity = (4 * (gc - 0.5) + planted)[:, None] + random.normal(0, noise, (rows, len(cell_types)))
    names = tuple(f"e{row}" for row in range(rows))
    chromosomes = tuple(f"chr{1 + row % 6}" for row in range(rows))
    empty = ("",) * rows
    return MpraTable(names, tuple(sequences), chromosomes, empty, empty, activity, cell_types)


def write_table(made: MpraTable, path: Path) -> Path:
    """A table of two cell types with a chromosome column; one activity is missing."""
    with path.open("w", newline="") as handle:
        writer = csv.writer(handle, delimiter="\t")
        writer.writerow(("name", "sequence", "chrom", "K562", f"log2fc {made.cell_types[1]}"))
        for row in range(len(made)):
            values = [f"{value:.4f}" for value in made.activity[row]]
            values[1] = "" if row == 7 else values[1]
            writer.writerow((made.names[row], made.sequences[row], made.chromosomes[row], *values))
    return path
