"""Whether traces name what was planted: well-known sites in backgrounds, one and three of each.

    python benchmarks/constructs.py --data DIR [--backgrounds 20]

Backgrounds are random DNA (GC 0.45) and natural val elements among the lowest quarter in every cell type; DIR holds
joint_mpra.tsv.gz. A site is the likeliest sequence of its JASPAR matrix, put in the middle; three stand 40 bp apart.
Where the score moves by 0.3 or more, the trace should tell the planted site with the planted archetype, and its amount
should have the sign of the move. Traces are the grounded writer's, which tell the terms that the shipped model's tell.
A row a construct, and all together; minutes; markdown on stdout.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cistrace.cards.card import Card, CardSite
from cistrace.cards.windows import SequenceWindow, Window
from cistrace.io.dna_sequence import DnaSequence
from cistrace.motifs.archetypes import name_of
from cistrace.motifs.library import load_library
from cistrace.motifs.motif import Motif
from cistrace.mpra.table import read_joint
from cistrace.predict import Predictor
from cistrace.traces.grounded import write

# Base ids of JASPAR, with the name that the field knows. GATA1 by the matrix of GATA2, CTTATCT: CTAATCT, the likeliest
# sequence of its own in JASPAR 2026, is no GATA site.
MATRICES = (
    ("MA0036", "GATA1"), ("MA0140", "GATA1::TAL1"), ("MA0046", "HNF1A"), ("MA0114", "HNF4A"), ("MA0102", "CEBPA"),
    ("MA0148", "FOXA1"), ("MA0099", "AP-1"), ("MA0841", "NFE2"), ("MA0506", "NRF1"), ("MA0079", "SP1"),
    ("MA0039", "KLF4"), ("MA0062", "GABPA"), ("MA0018", "CREB1"), ("MA0142", "OCT4-SOX2"), ("MA0138", "REST"),
    ("MA0106", "p53"), ("MA0809", "TEAD4"), ("MA0060", "NFYA"), ("MA0095", "YY1"), ("MA0093", "USF1"),
    ("MA0028", "ELK1"), ("MA0098", "ETS1"), ("MA0050", "IRF1"), ("MA0137", "STAT1"), ("MA0105", "NFKB1"),
    ("MA0002", "RUNX1"), ("MA0024", "E2F1"), ("MA0088", "ZNF143"), ("MA0139", "CTCF"),
)  # fmt: skip
MOVED = 0.3
GC = 0.45
LENGTH = 200


@dataclass(frozen=True)
class Construct:
    name: str
    archetype: str
    site: str
    starts: tuple[int, ...]

    def in_background(self, bases: str) -> str:
        for start in self.starts:
            bases = bases[:start] + self.site + bases[start + len(self.site) :]
        return bases

    def named(self, card: Card) -> list[float]:
        """Amounts of the sites told that lie on a planted one and bear its archetype."""
        half = len(self.site) / 2
        return [
            site.amount or 0.0
            for site in told_sites(card)
            if site.archetype == self.archetype
            and any(
                min(site.end, start + len(self.site)) - max(site.start, start) >= min(half, (site.end - site.start) / 2)
                for start in self.starts
            )
        ]


def told_sites(card: Card) -> list[CardSite]:
    """The sites that the card's trace tells."""
    starts = {int(step.get("start") or 0) for step in write(card).steps if step.kind == "site"}
    return [site for site in card.sites if site.start + 1 in starts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--backgrounds", type=int, default=20, help="of each of the two kinds")
    options = parser.parse_args()
    predictor = Predictor()
    towers = predictor.checkpoint.towers
    assert towers is not None
    names = predictor.cell_types
    backgrounds = random_dna(options.backgrounds) + inactive(options.data, options.backgrounds)
    empty = towers.estimate(backgrounds)
    every: list[Counter[str]] = [Counter() for _ in names]
    print(f"{len(backgrounds)} backgrounds; named / moved (in the move's direction)\n")
    print(f"| planted | {' | '.join(names)} | named instead |\n|{'---|' * (len(names) + 2)}")
    for construct in constructs():
        sequences = [construct.in_background(bases) for bases in backgrounds]
        moved = np.flatnonzero((np.abs(towers.estimate(sequences) - empty) >= MOVED).any(axis=1)).tolist()
        sequences = [sequences[at] for at in moved]
        windows = [SequenceWindow(DnaSequence("", bases, ""), Window(0, len(bases))) for bases in sequences]
        told = [one.cards for one in predictor.maker.window_cards(windows, names)]
        counts: list[Counter[str]] = [Counter() for _ in names]
        others: Counter[str] = Counter()
        for found, before in zip(told, empty[moved].tolist(), strict=True):
            for count, card, was in zip(counts, found, before, strict=True):
                tell(construct, card, was, count, others)
        for total, count in zip(every, counts, strict=True):
            total += count
        print(row(f"{construct.name} x {len(construct.starts)}", counts, others), flush=True)
    print(row("all", every, Counter()))


def tell(construct: Construct, card: Card, before: float, count: Counter[str], others: Counter[str]) -> None:
    """Count a construct that moved the score, and what stands in the place of one that is not named."""
    move = (card.ledger.total if card.ledger is not None else before) - before
    if abs(move) < MOVED:
        return
    amounts = construct.named(card)
    count["moved"] += 1
    count["named"] += bool(amounts)
    count["agrees"] += bool(amounts) and np.sign(sum(amounts)) == np.sign(move)
    if not amounts:
        others[instead(construct, card)] += 1


def constructs() -> list[Construct]:
    by_base = {motif.matrix_id.split(".")[0]: motif for motif in load_library().motifs}
    result = []
    for base, name in MATRICES:
        motif, middle = by_base[base], (LENGTH - by_base[base].width) // 2
        archetype = name_of(motif.matrix_id, motif.name).archetype
        result += [
            Construct(name, archetype, likeliest(motif), starts)
            for starts in ((middle,), (middle - 40, middle, middle + 40))
        ]
    return result


def likeliest(motif: Motif) -> str:
    return "".join("ACGT"[at] for at in motif.values.argmax(axis=1))


def random_dna(count: int) -> list[str]:
    random = np.random.default_rng(0)
    shares = [(1 - GC) / 2, GC / 2, GC / 2, (1 - GC) / 2]
    return ["".join(random.choice(list("ACGT"), LENGTH, p=shares)) for _ in range(count)]


def inactive(data: Path, count: int) -> list[str]:
    table = read_joint(data).split("val")
    natural = [row for row, kind in enumerate(table.categories) if kind.endswith("_peak")]
    activity = table.activity[natural]
    low = (activity <= np.nanquantile(activity, 0.25, axis=0)).all(axis=1)
    return [table.sequences[row] for row in np.random.default_rng(1).permutation(np.array(natural)[low])[:count]]


def instead(construct: Construct, card: Card) -> str:
    """What stands on the (first) planted site, and whether the trace leaves it untold."""
    start, end = construct.starts[0], construct.starts[0] + len(construct.site)
    upon = [site for site in card.sites if site.start < end and start < site.end]
    if not upon:
        return "nothing"
    return upon[0].archetype if upon[0] in told_sites(card) else f"{upon[0].archetype}, untold"


def row(label: str, counts: list[Counter[str]], others: Counter[str]) -> str:
    cells = [f"{count['named']} / {count['moved']} ({count['agrees']})" for count in counts]
    rest = ", ".join(f"{name} ({number})" for name, number in others.most_common(3))
    return f"| {label} | {' | '.join(cells)} | {rest} |"


if __name__ == "__main__":
    main()
