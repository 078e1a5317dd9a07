"""Whether ledgers are true of the model they tell of: how much of its score their sites carry, and what an intervention
on a site does against what its amount says.

    python benchmarks/ledger.py --data DIR [--split val] [--rows 200] [--cell-type K562] [--tower FILE]

DIR holds joint_mpra.tsv.gz; enhancers are drawn at random, always the same. Rivals, in the same run: as many windows of
the same widths at random places, told by a ledger of their own. An intervention puts ten draws of bases with the
sequence's dinucleotides in the place of a site (the five largest, |amount| >= 0.05) and compares the mean change of the
score with the amount, and with `alone`. With `--tower` the changes are also those of another tower, which gave no
amount. Intervals are 95 %, from 1,000 bootstraps over sequences. Minutes; markdown on stdout.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.ledger import Ledger
from cistrace.cards.sites import Site, sites_of
from cistrace.checkpoints.load import load_checkpoint
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.scanner import site_scanner
from cistrace.mpra.table import read_joint
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower
from cistrace.towers.fillings import Place, drawn_bases
from cistrace.towers.ledger import Score, ledgers

NAMED = 5
FILLINGS = 10
SMALLEST = 0.05
BOOTSTRAPS = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=["val", "test"], default="val")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--cell-type", default="K562")
    parser.add_argument("--tower", type=Path, help="of another fit")
    options = parser.parse_args()
    towers = load_checkpoint().towers
    assert towers is not None
    column = towers.cell_types.index(options.cell_type)
    table = read_joint(options.data).split(options.split)
    natural = [row for row, name in enumerate(table.categories) if name.endswith("_peak")]
    random = np.random.default_rng(0)
    rows = [row for row in random.permutation(natural).tolist() if np.isfinite(table.activity[row, column])]
    rows = rows[: options.rows]
    sequences = [table.sequences[row] for row in rows]
    measured = table.activity[rows, column].astype(np.float64)

    def score(asked: list[str]) -> NDArray[np.float32]:
        return towers.estimate(asked)[:, [column]]

    sites = [sites_of(hits) for hits in site_scanner().scan(sequences)]
    told = one_column(score, options.cell_type, sequences, sites)
    rival = one_column(score, options.cell_type, sequences, [windows(s, b, random) for s, b in zip(sites, sequences)])
    counts, widths = [len(found) for found in sites], [sum(one.width for one in found) for found in sites]
    print(
        f"{len(rows)} {options.split} enhancers, {options.cell_type}; {np.mean(counts):.1f} sites a sequence,", end=" "
    )
    print(f"{np.mean(widths):.0f} bp of them\n")
    print(carried_table(told, rival, measured))
    other = None if options.tower is None else load_tower(options.tower)
    others = None if other is None else Towers(other, other)
    print("\n" + intervention_table(told, sequences, score, others, column))


def one_column(score: Score, cell_type: str, sequences: Sequence[str], sites: Sequence[Sequence[Site]]) -> list[Ledger]:
    return [found[0] for found in ledgers(score, [cell_type], sequences, sites)]


def windows(sites: Sequence[Site], bases: str, random: np.random.Generator) -> list[Site]:
    """Windows as wide as the sites, in random order and with random gaps: none shares a base with another."""
    widths = random.permutation([site.width for site in sites]).tolist()
    free = len(bases) - sum(widths)
    cuts = np.sort(random.integers(0, free + 1, len(widths)))
    starts = cuts + np.concatenate([[0], np.cumsum(widths)[:-1]]) if widths else cuts
    return [
        Site(start, start + width, MotifHit("", "", frozenset(), start, start + width, "+", 0.0, 1.0), "", "")
        for start, width in zip(starts.astype(int).tolist(), widths)
    ]


def carried_table(told: list[Ledger], rival: list[Ledger], measured: NDArray[np.float64]) -> str:
    """How much of the score's variance the largest amounts carry, and how they agree with the measurement."""
    total = np.array([one.total for one in told])
    lines = [
        f"r of the whole score with the measurement: {interval(pearson, total, measured)}\n",
        "| named | of the score's variance | the same of random windows | r of the named part with the measurement |",
        "|---|---|---|---|",
    ]
    for named in (1, 2, 3, 4, 5, None):
        part, chance = (
            np.array([sum(term.amount for term in one.sites[:named]) for one in of]) for of in (told, rival)
        )
        lines.append(
            f"| {named or 'all'} | {interval(carried, part, total)} | {interval(carried, chance, total)} "
            f"| {interval(pearson, part, measured)} |"
        )
    return "\n".join(lines)


def named_part(told: list[Ledger], named: int | None) -> NDArray[np.float64]:
    return np.array([sum(term.amount for term in one.sites[:named]) for one in told])


def intervention_table(
    told: list[Ledger], sequences: list[str], score: Score, others: Towers | None, column: int
) -> str:
    terms = [(row, term) for row, one in enumerate(told) for term in one.sites[:NAMED] if abs(term.amount) >= SMALLEST]
    places = [Place(sequences[row], term.site.start, term.site.end) for row, term in terms]
    filled = [place.filled(one) for place in places for one in drawn_bases(place, FILLINGS)]
    owner = np.array([row for row, _ in terms])
    amounts = np.array([term.amount for _, term in terms])
    alone = np.array([term.alone for _, term in terms])
    scores: dict[str, Callable[[list[str]], NDArray[np.floating]]] = {"the same": lambda asked: score(asked)[:, 0]}
    if others is not None:
        scores["another"] = lambda asked: others.estimate(asked)[:, column]
    lines = ["| model that is asked | amounts of at least | n | told by | r | same sign |", "|---|---|---|---|---|---|"]
    for name, asked in scores.items():
        change = asked(sequences)[owner] - asked(filled).reshape(-1, FILLINGS).mean(axis=1)
        for least in (SMALLEST, 0.1, 0.2):
            large = np.abs(amounts) >= least
            for label, stated in (("amount", amounts), ("alone", alone)):
                agree = np.mean(np.sign(stated[large]) == np.sign(change[large]))
                r = interval(pearson, stated[large], change[large])
                lines.append(f"| {name} | {least} | {large.sum()} | {label} | {r} | {agree:.1%} |")
    return "\n".join(lines)


def pearson(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def carried(part: NDArray[np.float64], whole: NDArray[np.float64]) -> float:
    """Share of a score's variance that goes when a part of it is taken away."""
    return float(1 - np.var(whole - part) / np.var(whole))


def interval(
    figure: Callable[[NDArray[np.float64], NDArray[np.float64]], float],
    one: NDArray[np.float64], other: NDArray[np.float64],
) -> str:  # fmt: skip
    random = np.random.default_rng(0)
    draws = [random.integers(0, len(one), len(one)) for _ in range(BOOTSTRAPS)]
    low, high = np.quantile([figure(one[draw], other[draw]) for draw in draws], [0.025, 0.975])
    return f"{figure(one, other):.3f} ({low:.3f}-{high:.3f})"


if __name__ == "__main__":
    main()
