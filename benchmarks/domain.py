"""What the domain's threshold flags, and whether intervals hold beyond it: the tables of docs/domain.md.

    python benchmarks/domain.py --data DIR                 # test; 400 sequences a set: minutes
    python benchmarks/domain.py --data DIR --split val     # what the statistic was chosen on

DIR holds joint_mpra.tsv.gz, and, for the last table, native_K562_val.tsv.gz.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.checkpoints.load import load_checkpoint
from cistrace.io.regions import reverse_complement
from cistrace.mpra.metrics import pearson
from cistrace.mpra.shuffles import dinucleotides_shuffled
from cistrace.mpra.table import read_joint
from cistrace.towers.domain import Domain
from cistrace.towers.evidence import Towers
from cistrace.training.domain import shares_of_sides

LENGTH, BASES = 200, np.array(list("ACGT"))
NATIVE = "native_K562_val.tsv.gz"
# Consensus sites of strong activators (JASPAR's names): arrays of one or several on neutral DNA are what synthetic
# elements have been built of since Smith et al. (Nature Genetics 2013), who measured such in HepG2.
SITES = {
    "HNF1A": "GGTTAATGATTAACC", "HNF4A": "GGGGTCAAAGGTCAT", "CEBPA": "ATTGCGCAAT", "GATA1": "CAGATAAGGA",
    "SP1": "GGGGCGGGGC", "FOXA2": "TGTTTACTTTG", "NFE2": "ATGACTCAGCA", "NRF1": "TGCGCATGCGCA",
    "TP53": "GAACATGTCCCAACATGTTG", "GABPA": "ACCGGAAGTG", "YY1": "CAAGATGGCGGC",
}  # fmt: skip
EDGES = (0.0, 0.5, 0.8, 1.0, 1.1, 1.25, 1.5, np.inf)  # of distances, in thresholds
Make = Callable[[np.random.Generator, str], str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=["val", "test"], default="test")
    parser.add_argument("--model", type=Path)
    parser.add_argument("-n", type=int, default=400, help="sequences a set")
    options = parser.parse_args()
    checkpoint = load_checkpoint(options.model)
    towers, domain = checkpoint.towers, checkpoint.domain
    if towers is None or domain is None:
        parser.error("the model does not know its domain")
    table = read_joint(options.data).split(options.split)
    reading = towers.reading(table.sequences)
    print("\n".join(roc_lines(towers, domain, table.sequences, reading.distances, options.n)), "\n")
    shares = shares_of_sides(reading.activities, table, checkpoint.scales)
    print("\n".join(coverage_lines(domain, reading.distances, shares, table.cell_types)), "\n")
    if (options.data / NATIVE).exists():
        print("\n".join(native_lines(towers, domain, options.data / NATIVE)))


def roc_lines(
    towers: Towers, domain: Domain, natural: Sequence[str], distances: NDArray[np.float32], count: int
) -> list[str]:
    """Of every set the share flagged and the area under the ROC curve against natural elements."""
    random = np.random.default_rng(0)
    templates = [natural[at] for at in random.permutation(len(natural))[:count].tolist()]
    out = distances > domain.threshold
    lines = [
        "| set | n | flagged (95 %) | AUROC (95 %) |",
        "|---|---|---|---|",
        f"| natural elements | {len(natural):,} | {_share(out)} | |",
    ]
    for name, make in SETS.items():
        found = towers.reading([make(random, bases) for bases in templates]).distances
        areas = [area(draw(random, distances), draw(random, found)) for _ in range(500)]
        low, high = np.quantile(areas, (0.025, 0.975))
        told = f"{area(distances, found):.3f} ({low:.3f}-{high:.3f})"
        lines.append(f"| {name} | {len(found):,} | {_share(found > domain.threshold)} | {told} |")
    return lines


def coverage_lines(
    domain: Domain, distances: NDArray[np.float32], shares: NDArray[np.float64], cell_types: Sequence[str]
) -> list[str]:
    """Of measurements at every distance the share that intervals hold, as calibrated and widened."""
    apart, factors = distances / domain.threshold, domain.factors(distances)
    lines = [
        "| distance, thresholds | elements | factor | "
        + " | ".join(f"{cell}, before -> after" for cell in cell_types)
        + " |",
        "|---|---|---|" + "---|" * len(cell_types),
    ]
    for low, high in [*pairwise(EDGES), (0.0, 1.0), (1.0, np.inf)]:
        rows = (apart > low) & (apart <= high)
        if not rows.any():
            continue
        told = []
        for cell in range(len(cell_types)):
            seen = rows & np.isfinite(shares[:, cell])
            held = shares[seen, cell]
            told.append(f"{_share(held <= 1)} -> {_share(held <= factors[seen])}")
        lines.append(f"| {low:g}-{high:g} | {rows.sum():,} | {factors[rows].mean():.2f} | " + " | ".join(told) + " |")
    return lines


def native_lines(towers: Towers, domain: Domain, path: Path) -> list[str]:
    """Another assay's elements in K562: how many are out, and how well each part is predicted."""
    with gzip.open(path, "rt") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    reading = towers.reading([row["sequence"][:LENGTH] for row in rows])
    measured = np.array([float(row["K562_log2FC"]) for row in rows])
    predicted = reading.activities[:, towers.cell_types.index("K562")].astype(np.float64)
    out = reading.distances > domain.threshold
    told = ["| native elements of another assay, K562 | n | Pearson |", "|---|---|---|"]
    for name, part in (("inside", ~out), ("out of the domain", out)):
        told.append(f"| {name} | {part.sum():,} | {pearson(predicted[part], measured[part]):.3f} |")
    return told


def area(inside: NDArray[np.float32], beyond: NDArray[np.float32]) -> float:
    """How often one of `beyond` is larger than one of `inside`, ties half: the area under the ROC curve."""
    ordered = np.sort(inside)
    below, upto = (np.searchsorted(ordered, beyond, side=side) for side in ("left", "right"))  # type: ignore[call-overload]
    return float((below + upto).mean() / 2 / len(inside))


def draw(random: np.random.Generator, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """As many with repetition."""
    return values[random.integers(len(values), size=len(values))]


def _share(of: NDArray[np.bool_]) -> str:
    from calibration import wilson

    if not len(of):
        return "-"
    low, high = wilson(float(of.mean()), len(of))
    return f"{of.mean():.1%} ({low:.1%}-{high:.1%})"


def letters(random: np.random.Generator, gc: float) -> str:
    """Independent letters of a GC content."""
    shares = [(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]
    return "".join(random.choice(BASES, LENGTH, p=shares).tolist())


def of_its_gc(random: np.random.Generator, bases: str) -> str:
    return letters(random, sum(map(bases.count, "CG")) / len(bases))


def repeats(random: np.random.Generator, bases: str) -> str:
    """A unit of 1-6 bp over and over, up to a tenth of its letters drawn anew."""
    unit = "".join(random.choice(BASES, random.integers(1, 7)).tolist())
    found = np.array(list((unit * LENGTH)[:LENGTH]))
    anew = random.random(LENGTH) < random.choice([0, 0.02, 0.05, 0.1])
    found[anew] = random.choice(BASES, anew.sum())
    return "".join(found.tolist())


def tiled(random: np.random.Generator, bases: str) -> str:
    """Sites of one factor on either strand, 0-11 bp apart."""
    site, found = _site(random), ""
    while len(found) < LENGTH:
        found += "".join(random.choice(BASES, random.integers(12)).tolist())
        found += site if random.random() < 0.5 else reverse_complement(site)
    return found[:LENGTH]


def array(copies: int, mixed: bool) -> Make:
    """So many sites of one factor, or of several, evenly spaced on random DNA of 45 % GC."""

    def make(random: np.random.Generator, bases: str) -> str:
        found, site = letters(random, 0.45), _site(random)
        for at in np.linspace(5, LENGTH - 25, copies).astype(int).tolist():
            site = _site(random) if mixed else site
            found = found[:at] + site + found[at + len(site) :]
        return found[:LENGTH]

    return make


def _site(random: np.random.Generator) -> str:
    return list(SITES.values())[int(random.integers(len(SITES)))]


SETS: dict[str, Make] = {
    "random, all letters alike": lambda random, bases: letters(random, 0.5),
    "random, an element's GC": of_its_gc,
    "elements, dinucleotides shuffled": lambda random, bases: dinucleotides_shuffled(bases, random),
    "random, 20 % GC": lambda random, bases: letters(random, 0.2),
    "random, 35 % GC": lambda random, bases: letters(random, 0.35),
    "random, 75 % GC": lambda random, bases: letters(random, 0.75),
    "random, 85 % GC": lambda random, bases: letters(random, 0.85),
    "repeats": repeats,
    "one factor's sites, tiled": tiled,
    "4 sites of one factor on random DNA": array(4, mixed=False),
    "8 sites of one factor on random DNA": array(8, mixed=False),
    "8 sites of several factors on random DNA": array(8, mixed=True),
}

if __name__ == "__main__":
    main()
