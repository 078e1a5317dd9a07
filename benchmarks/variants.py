"""What the variants command says of measured variants: saturation mutagenesis of SORT1 in HepG2.

    python benchmarks/variants.py --data DIR [--tower FILE ...] [--shifts 1 3 5] [--figure FILE]

DIR holds satmut_SORT1_HepG2.tsv.gz (Kircher et al. 2019; 600 bp, two experiments). The element is a genome of one
contig, its substitutions are a VCF, and `cistrace variants --no-trace` scores them; what was measured is the mean of
the two experiments, log2, where both have at least 10 barcodes. The ceiling is what their agreement says the mean of
both would have with the truth. FILEs are towers to compare with, scored on the same windows. Markdown on stdout; the
figure draws the mean effect at every base, measured and predicted.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cistrace.cli.main import cli
from cistrace.io.genome import open_genome
from cistrace.plots.colours import LOWERS, RAISES
from cistrace.plots.style import USUAL, panels, save
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower
from cistrace.variants.reading import VariantReader

FILE = "satmut_SORT1_HepG2.tsv.gz"
FEWEST_BARCODES = 10
CELL = "HepG2"
SNP, MINOR = 316, "T"  # rs12740374, 0-based in the element
DRAWS = 1000


@dataclass(frozen=True, eq=False)
class Measured:
    """The element and the effects of its substitutions, log2: (place, base) to those of both experiments."""

    bases: str
    effects: dict[tuple[int, str], tuple[float, float]]

    @property
    def both(self) -> NDArray[np.float64]:
        """Shape (N, 2), in the order of `effects`."""
        return np.array(list(self.effects.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tower", type=Path, action="append", default=[])
    parser.add_argument("--shifts", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    measured = read(options.data / FILE)
    agreement = float(np.corrcoef(*measured.both.T)[0, 1])
    ceiling = float(np.sqrt(2 * agreement / (1 + agreement)))
    print(f"Experiments agree at r {agreement:.3f}: ceiling of their mean {ceiling:.3f}")
    for name, element in (("as hg38 has it", measured), (f"with {MINOR} at {SNP + 1}", minor(measured))):
        truth = element.both.mean(axis=1)
        print(f"\n**The element {name}**, {len(truth):,} substitutions\n")
        print("| scored by | r with the measured effects (95 %) | Spearman | same sign |\n|---|---|---|---|")
        rows = compare(element, truth, options.shifts, options.tower)
    if options.figure is not None:
        draw(options.figure, element, of(rows, CELL), truth)


def compare(
    measured: Measured, truth: NDArray[np.float64], shifts: list[int], towers: list[Path]
) -> list[dict[str, Any]]:
    """Tell what every way to score says of one element; the command's rows for the first of `shifts`."""
    with tempfile.TemporaryDirectory() as folder:
        genome, vcf = Path(folder, "sort1.fa"), Path(folder, "sort1.vcf")
        write_inputs(measured, genome, vcf)
        found = {}
        for count in shifts:
            found[count] = scored(genome, vcf, Path(folder, f"{count}.jsonl"), count)
            tell(f"{count} window{'s' * (count > 1)}", of(found[count], CELL), truth)
        rows = found[shifts[0]]
        tell("mean of the three cell types", np.mean([of(rows, cell) for cell in cells(rows)], axis=0), truth)
        others = [by_tower(path, genome, vcf) for path in towers]
    for path, one in zip(towers, others, strict=True):
        tell(path.stem, one, truth)
    if others:
        tell("mean of these towers and the shipped one", np.mean([of(rows, CELL), *others], axis=0), truth)
    tell_intervals([row for row in rows if row["cell_type"] == CELL], truth, others)
    return rows


def minor(measured: Measured) -> Measured:
    """The element with rs12740374's minor allele. Its measurements say that the construct bears it: at that base every
    substitution, that by the minor allele included, takes three quarters of the activity or more, and so does what
    breaks the C/EBP site TTGCTCAAT that the minor allele makes. What it says of that base by itself is left out."""
    bases = measured.bases[:SNP] + MINOR + measured.bases[SNP + 1 :]
    return Measured(bases, {key: both for key, both in measured.effects.items() if key != (SNP, MINOR)})


def read(path: Path) -> Measured:
    """The element, and the substitutions that both experiments measured well enough."""
    reference: dict[int, str] = {}
    effects: dict[tuple[int, str], dict[str, float]] = defaultdict(dict)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            reference[int(row["Pos"])] = row["Ref"]
            if row["Alt"] in "ACGT" and int(row["Barcodes"]) >= FEWEST_BARCODES:
                effects[int(row["Pos"]), row["Alt"]][row["Element"]] = float(row["Coefficient"])
    first = min(reference)
    whole = {(at - first, alt): tuple(both.values()) for (at, alt), both in sorted(effects.items()) if len(both) == 2}
    return Measured("".join(reference[at] for at in sorted(reference)), whole)  # type: ignore[arg-type]


def write_inputs(measured: Measured, genome: Path, vcf: Path) -> None:
    """The element as a genome, its substitutions as a VCF."""
    genome.write_text(f">SORT1\n{measured.bases}\n", encoding="utf-8")
    lines = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    lines += [f"SORT1\t{at + 1}\t.\t{measured.bases[at]}\t{alt}\t.\t.\t." for at, alt in measured.effects]
    vcf.write_text("\n".join(lines) + "\n", encoding="utf-8")


def scored(genome: Path, vcf: Path, output: Path, count: int) -> list[dict[str, Any]]:
    """Rows of the command."""
    command = ["variants", str(vcf), "--genome", str(genome), "--no-trace", "--shifts", str(count), "-o", str(output)]
    began = time.perf_counter()
    cli(command, standalone_mode=False)
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    seconds = time.perf_counter() - began
    print(f"<!-- {count} windows: {len(rows):,} rows in {seconds:.0f} s -->")
    return rows


def cells(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["cell_type"] for row in rows))


def of(rows: list[dict[str, Any]], cell: str) -> NDArray[np.float64]:
    """Differences in a cell type, in the VCF's order."""
    return np.array([row["difference"] for row in rows if row["cell_type"] == cell])


def by_tower(path: Path, genome: Path, vcf: Path) -> NDArray[np.float64]:
    """Differences by another tower, on the same windows."""
    tower = load_tower(path)
    both = Towers(tower, tower)
    with open_genome(genome) as opened:
        windows = [one.windows[0] for one in VariantReader(tower.window, opened).file(vcf)]
    distinct = list(dict.fromkeys(bases for one in windows for bases in (one.ref, one.alt)))
    scores = dict(zip(distinct, both.estimate(distinct)[:, tower.cell_types.index(CELL)].tolist(), strict=True))
    return np.array([scores[one.alt] - scores[one.ref] for one in windows])


def tell(name: str, predicted: NDArray[np.float64], truth: NDArray[np.float64]) -> None:
    """A row of the table; the interval by drawing substitutions anew."""
    draws = np.random.default_rng(0)
    several = []
    for _ in range(DRAWS):
        rows = draws.integers(len(truth), size=len(truth))
        several.append(np.corrcoef(predicted[rows], truth[rows])[0, 1])
    low, high = np.quantile(several, [0.025, 0.975])
    r = np.corrcoef(predicted, truth)[0, 1]
    ranked = np.corrcoef(predicted.argsort().argsort(), truth.argsort().argsort())[0, 1]
    sign = np.mean(np.sign(predicted) == np.sign(truth))
    print(f"| {name} | {r:.3f} ({low:.3f}-{high:.3f}) | {ranked:.3f} | {sign:.1%} |")


def tell_intervals(rows: list[dict[str, Any]], truth: NDArray[np.float64], others: list[NDArray[np.float64]]) -> None:
    """What the 90 % intervals hold."""
    lower, upper, difference = (np.array([row[name] for row in rows]) for name in ("lower", "upper", "difference"))

    def held(values: NDArray[np.float64]) -> float:
        return float(np.mean((lower <= values) & (values <= upper)))

    print(f"\nMedian half width {np.median(upper - difference):.3f}.")
    for one in others:
        print(f"Of another tower's differences {held(one):.1%} lie within.")
    print(f"Of the measured effects {held(truth):.1%} lie within.")
    clear = (lower > 0) | (upper < 0)
    same = np.mean(np.sign(difference[clear]) == np.sign(truth[clear]))
    print(f"{clear.mean():.1%} of the intervals leave zero out; of these {same:.1%} have the measured sign.")
    apart = np.quantile(np.abs(truth - difference), 0.9)
    slope = np.polyfit(difference, truth, 1)[0]
    print(
        f"90 % of the measured effects lie within {apart:.2f} of the difference; they are {slope:.1f} times as large."
    )


def draw(path: Path, measured: Measured, predicted: NDArray[np.float64], truth: NDArray[np.float64]) -> None:
    """The mean effect at every base, measured above and predicted below."""
    places = np.array([at for at, _ in measured.effects])
    figure, axes = panels(1, 2, 9, 2, share_x=True)
    for axis, values, name in zip(axes, (truth, predicted), ("measured", "predicted"), strict=True):
        means = [values[places == at].mean() if (places == at).any() else 0.0 for at in range(len(measured.bases))]
        axis.bar(range(1, len(means) + 1), means, width=1.0, color=[LOWERS if mean < 0 else RAISES for mean in means])
        axis.axhline(0, color="black", linewidth=0.6)
        axis.set_ylabel(f"{name}, log2")
    r = np.corrcoef(predicted, truth)[0, 1]
    title = f"SORT1 enhancer in HepG2: mean effect of the substitutions of every base (r of single ones {r:.2f})"
    axes[0].set_title(title, fontsize=USUAL)
    axes[1].set_xlabel("base of the element")
    save(figure, path)


if __name__ == "__main__":
    main()
