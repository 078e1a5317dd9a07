"""Whether traces are true of the score they add up to: how much of it their sites carry, and what an intervention on a
site does against what its amount says.

    python benchmarks/ledger.py --data DIR [--split val] [--rows 200] [--cell-type K562] [--tower FILE ...]

DIR holds joint_mpra.tsv.gz; enhancers are drawn at random, always the same, and predicted with their traces. Rivals, in
the same run: as many windows of the same widths at random places in the place of the sites. An intervention puts ten
draws of bases with the sequence's dinucleotides in the place of a named site (|amount| >= 0.05) and compares the mean
change of the score without trace with the amount, and with the amount and the stated interplay that the site has part
in; windows of equal width that touch no named site are replaced beside. With `--tower` (any number) the changes are
also those of towers that gave no amount; the model's own light tower is always asked. Intervals are 95 %, from 1,000
bootstraps over sequences or sites. Minutes; markdown on stdout.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace import Prediction, Predictor
from cistrace.cards.sites import Site
from cistrace.checkpoints.schema import TOWER_FILES, shipped_checkpoint
from cistrace.motifs.hit import MotifHit
from cistrace.mpra.table import read_joint
from cistrace.predictions.ledger import LedgerSite, TraceLedger
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower
from cistrace.towers.fillings import Place, drawn_bases

NAMED = 5
FILLINGS = 10
SMALLEST = 0.05
BOOTSTRAPS = 1_000


@dataclass(frozen=True)
class Row:
    """One element, its trace's ledger, and what was measured of it."""

    bases: str
    ledger: TraceLedger
    measured: float

    @property
    def by_size(self) -> list[LedgerSite]:
        return sorted(self.ledger.sites, key=lambda site: -abs(site.amount))[:NAMED]

    def interplay_of(self, site: LedgerSite) -> float:
        return sum(one.amount for one in self.ledger.interplay if site.site in one.sites)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=["val", "test"], default="val")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--cell-type", default="K562")
    parser.add_argument("--tower", type=Path, action="append", default=[], help="of another fit")
    options = parser.parse_args()
    predictor = Predictor()
    towers = predictor.checkpoint.towers
    assert towers is not None
    column = towers.cell_types.index(options.cell_type)
    rows = drawn_rows(predictor, options.data, options.split, options.rows, options.cell_type)
    random = np.random.default_rng(0)
    print(f"{len(rows)} {options.split} enhancers, {options.cell_type}; ", end="")
    widths = [[site.end - site.start + 1 for site in row.by_size] for row in rows]
    count, length = np.mean([len(one) for one in widths]), np.mean([sum(one) for one in widths])
    print(f"{count:.1f} named sites each, {length:.0f} bp\n")
    print(carried_table(rows, towers, column, random))
    own = {"the same": lambda asked: towers.estimate(asked)[:, column]}
    light = load_tower(shipped_checkpoint() / TOWER_FILES[1])
    fits = {"light tower": light, **{path.stem: load_tower(path) for path in options.tower}}
    own |= {name: scorer(Towers(tower, tower), column) for name, tower in fits.items()}
    print("\n" + intervention_table(rows, own, random))


def scorer(towers: Towers, column: int) -> Callable[[list[str]], NDArray[np.floating]]:
    return lambda asked: towers.estimate(asked)[:, column]


def drawn_rows(predictor: Predictor, data: Path, split: str, count: int, cell_type: str) -> list[Row]:
    table = read_joint(data).split(split)
    column = table.cell_types.index(cell_type)
    natural = [row for row, name in enumerate(table.categories) if name.endswith("_peak")]
    order = np.random.default_rng(0).permutation(natural).tolist()
    chosen = [row for row in order if np.isfinite(table.activity[row, column])][:count]
    found: list[Prediction] = predictor.predict([table.sequences[row] for row in chosen], cell_type)
    return [
        Row(table.sequences[row], one.ledger, float(table.activity[row, column]))
        for row, one in zip(chosen, found, strict=True)
        if one.ledger is not None
    ]


def windows(widths: Sequence[int], bases: str, random: np.random.Generator) -> list[Site]:
    """Windows of given widths in random order and with random gaps: none shares a base with another."""
    shuffled = random.permutation(np.array(widths, dtype=int)).tolist()
    free = len(bases) - sum(shuffled)
    cuts = np.sort(random.integers(0, free + 1, len(shuffled)))
    starts = cuts + np.concatenate([[0], np.cumsum(shuffled)[:-1]]) if shuffled else cuts
    return [
        Site(start, start + width, MotifHit("", "", frozenset(), start, start + width, "+", 0.0, 1.0), "", "")
        for start, width in zip(starts.astype(int).tolist(), shuffled)
    ]


def carried_table(rows: list[Row], towers: Towers, column: int, random: np.random.Generator) -> str:
    """How much of the score's variance the named sites carry, and how they agree with the measurement."""
    bases = [row.bases for row in rows]
    chance = [windows([one.end - one.start + 1 for one in row.ledger.sites], row.bases, random) for row in rows]
    rival = [
        sorted(one.amounts[:, column].tolist(), key=lambda value: -abs(value)) for one in towers.evidence(bases, chance)
    ]
    total = np.array([row.ledger.total for row in rows])
    measured = np.array([row.measured for row in rows])
    lines = [
        f"r of the whole score with the measurement: {interval(pearson, total, measured)}\n",
        "| named sites | of the score's variance | with interplay | random windows | r with the measurement |",
        "|---|---|---|---|---|",
    ]
    for named in range(1, NAMED + 1):
        part = np.array([sum(site.amount for site in row.by_size[:named]) for row in rows])
        joined = part + np.array([sum(one.amount for one in row.ledger.interplay) for row in rows])
        random_part = np.array([sum(amounts[:named]) for amounts in rival])
        lines.append(
            f"| {named} | {interval(carried, part, total)} | {interval(carried, joined, total)} "
            f"| {interval(carried, random_part, total)} | {interval(pearson, part, measured)} |"
        )
    part = np.array([sum(site.amount for site in row.by_size) for row in rows])
    shuffled = random.permutation(part)
    lines.append(
        f"| {NAMED}, of another sequence | {interval(carried, shuffled, total)} | | "
        f"| {interval(pearson, shuffled, measured)} |"
    )
    return "\n".join(lines)


def intervention_table(
    rows: list[Row], scores: dict[str, Callable[[list[str]], NDArray[np.floating]]], random: np.random.Generator
) -> str:
    terms = [(at, site) for at, row in enumerate(rows) for site in row.ledger.sites if abs(site.amount) >= SMALLEST]
    places = [Place(rows[at].bases, site.start - 1, site.end) for at, site in terms]
    aside = [place for at, site in terms for place in unnamed(rows[at], site.end - site.start + 1, random)]
    owner = np.array([at for at, _ in terms])
    amounts = np.array([site.amount for _, site in terms])
    joined = amounts + np.array([rows[at].interplay_of(site) for at, site in terms])
    sequences = [row.bases for row in rows]
    lines = ["| model that is asked | amounts of at least | n | told by | r | same sign |", "|---|---|---|---|---|---|"]
    for name, asked in scores.items():
        change = asked(sequences)[owner] - replaced(places, asked)
        for least in (SMALLEST, 0.1, 0.2):
            large = np.abs(amounts) >= least
            for label, stated in (("amount", amounts), ("amount and interplay", joined)):
                agree = np.mean(np.sign(stated[large]) == np.sign(change[large]))
                r = interval(pearson, stated[large], change[large])
                lines.append(f"| {name} | {least} | {large.sum()} | {label} | {r} | {agree:.1%} |")
        if name == "the same" and aside:
            whole = dict(zip(sequences, asked(sequences).tolist(), strict=True))
            beside = np.array([whole[place.bases] for place in aside]) - replaced(aside, asked)
            note = f"\nMedian change, either way: {np.median(np.abs(change)):.3f} of {len(change)} named sites, "
            note += f"{np.median(np.abs(beside)):.3f} of {len(beside)} windows as wide that touch none."
    return "\n".join([*lines, note])


def unnamed(row: Row, width: int, random: np.random.Generator) -> list[Place]:
    """A window that touches no named site; none where there is no room."""
    taken = np.zeros(len(row.bases), dtype=bool)
    for site in row.ledger.sites:
        taken[site.start - 1 : site.end] = True
    free = [at for at in range(len(row.bases) - width + 1) if not taken[at : at + width].any()]
    return [Place(row.bases, at, at + width) for at in ([int(random.choice(free))] if free else [])]


def replaced(places: list[Place], asked: Callable[[list[str]], NDArray[np.floating]]) -> NDArray[np.floating]:
    """Mean score over the fillings of each place."""
    filled = [place.filled(one) for place in places for one in drawn_bases(place, FILLINGS)]
    return asked(filled).reshape(-1, FILLINGS).mean(axis=1)


def pearson(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def carried(part: NDArray[np.floating], whole: NDArray[np.floating]) -> float:
    """Share of a score's variance that goes when a part of it is taken away."""
    return float(1 - np.var(whole - part) / np.var(whole))


def interval(
    figure: Callable[[NDArray[np.floating], NDArray[np.floating]], float],
    one: NDArray[np.floating], other: NDArray[np.floating],
) -> str:  # fmt: skip
    random = np.random.default_rng(0)
    draws = [random.integers(0, len(one), len(one)) for _ in range(BOOTSTRAPS)]
    low, high = np.quantile([figure(one[draw], other[draw]) for draw in draws], [0.025, 0.975])
    return f"{figure(one, other):.3f} ({low:.3f}-{high:.3f})"


if __name__ == "__main__":
    main()
