"""Cards with honest evidence for training rows: each row's evidence is from a tower that never saw its chromosome.

    python -m cistrace.training.cards --data DIR -o RUN [--rows 10400] [--pieces 3400]

Reads RUN/tower-fold*.safetensors, RUN/knowledge.tsv and the hits; writes
RUN/examples-train.jsonl, one line a sequence and cell type: prompt, the grounded writer's trace, the
towers' standardised outputs, the measured activity. RUN/examples-pieces.jsonl is the same for pieces of elements,
20 bp to whole, that were left at most a few of their hits: cards of whole elements nearly all list eight and state
a GC content in steps of 0.005, and a writer that has seen little else copies by distance, not by content, and fails on
short sequences (docs/experiments.md). The activity beside a piece is the whole element's: for writing alone.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from cistrace.card import best_of_family, build_card
from cistrace.knowledge import Knowledge, read_knowledge
from cistrace.model.evidence import Towers
from cistrace.model.prompt import write_prompt
from cistrace.model.tower_file import load_tower
from cistrace.motifs import load_background, load_library
from cistrace.mpra import MpraTable, chromosome_folds, level_cuts, read_joint
from cistrace.prompts import LISTED_HITS
from cistrace.records import Card, MotifHit
from cistrace.scan import Scanner
from cistrace.teach.grounded import level_of, write
from cistrace.trace import render_trace
from cistrace.training.hits import scan_table
from cistrace.windows import MINIMUM_KNOWN

log = logging.getLogger(__name__)
BATCH = 256


@dataclass(frozen=True)
class Example:
    """One training example. `level` is the observed one; `trace` is the grounded writer's, blind to it."""

    row: int
    cell_type: str
    shared: str
    own: str
    trace: str
    features: tuple[float, float]
    target: float
    activity: float
    level: int


@dataclass(frozen=True, eq=False)
class Scale:
    """Mean and standard deviation of the training split's activity, per cell type: (cell types,)."""

    location: np.ndarray
    spread: np.ndarray

    @staticmethod
    def of(table: MpraTable) -> Scale:
        return Scale(np.nanmean(table.activity, axis=0), np.nanstd(table.activity, axis=0))

    def standardised(self, activity: np.ndarray) -> np.ndarray:
        return (activity - self.location) / self.spread


def cards_of(
    bases: str, hits: tuple[MotifHit, ...], estimate: np.ndarray, contributions: np.ndarray,
    cell_types: tuple[str, ...], knowledge: Knowledge,
) -> list[Card]:  # fmt: skip
    """The cards of one sequence in every cell type; contributions are (hits, cell types)."""
    cards = []
    for cell, cell_type in enumerate(cell_types):
        evident = [replace(hit, contribution=float(value)) for hit, value in zip(hits, contributions[:, cell])]
        cards.append(build_card(bases, cell_type, evident, knowledge.of(cell_type), float(estimate[cell])))
    return cards


def examples(
    table: MpraTable, rows: np.ndarray, hits: list[tuple[MotifHit, ...]], towers: Towers, knowledge: Knowledge,
    scale: Scale, cuts: np.ndarray,
) -> Iterator[Example]:  # fmt: skip
    """Examples of the given rows, every measured cell type; `hits` are those of the rows."""
    for begin in range(0, len(rows), BATCH):
        block = rows[begin : begin + BATCH]
        found = hits[begin : begin + BATCH]
        sequences = [table.sequences[row] for row in block]
        evidence = towers.evidence(sequences, found)
        standard = scale.standardised(evidence.estimates)
        for at, row in enumerate(block):
            cards = cards_of(
                sequences[at],
                found[at],
                evidence.estimates[at],
                evidence.contributions[at],
                table.cell_types,
                knowledge,
            )
            measured = table.activity[row]
            target = scale.standardised(measured)
            for cell, card in enumerate(cards):
                if np.isfinite(measured[cell]):
                    prompt = write_prompt(card)
                    yield Example(
                        int(row), card.cell_type, prompt.shared, prompt.own, render_trace(write(card, cuts[cell])),
                        (float(standard[at, cell]), float(standard[at].mean())), float(target[cell]),
                        float(measured[cell]), level_of(measured[cell], cuts[cell]),
                    )  # fmt: skip
        log.info("%d of %d sequences", begin + len(block), len(rows))


def thin(hits: tuple[MotifHit, ...], random: np.random.Generator) -> tuple[MotifHit, ...]:
    """At most as many hits as a prompt lists, any number down to none as likely, drawn at random; order kept."""
    kept = min(len(hits), int(random.integers(0, LISTED_HITS + 1)))
    return tuple(hits[place] for place in sorted(random.choice(len(hits), kept, replace=False)))


def piece(bases: str, random: np.random.Generator) -> str:
    """A stretch of the sequence, every length from the shortest that can be read to the whole as likely."""
    length = int(random.integers(MINIMUM_KNOWN, len(bases) + 1))
    start = int(random.integers(0, len(bases) - length + 1))
    return bases[start : start + length]


def in_pieces(table: MpraTable, rows: np.ndarray, random: np.random.Generator) -> MpraTable:
    """The table with a piece of every given row in the place of its sequence."""
    sequences = list(table.sequences)
    for row in rows:
        sequences[row] = piece(sequences[row], random)
    return replace(table, sequences=tuple(sequences))


def make(data: Path | None, out: Path, rows: int, pieces: int, seed: int = 0) -> None:
    """Write examples of training sequences drawn at random, in that order: any head of a file is a sample.

    The pieces are of the first sequences drawn.
    """
    train, library = read_joint(data).split("train"), load_library()
    every = [load_tower(path) for path in sorted(out.glob("tower-fold*.safetensors"))]
    folds = chromosome_folds(train, len(every))
    knowledge, scale, cuts = read_knowledge(out / "knowledge.tsv"), Scale.of(train), level_cuts(train)
    random = np.random.default_rng(seed)
    chosen = random.permutation(np.flatnonzero(folds >= 0))[:rows]
    hits = scan_table(train, out / "hits-train.npz")
    found = {int(row): hits.hits(row, library) for row in chosen}
    short = in_pieces(train, chosen[:pieces], random)
    scanner = Scanner(library, load_background("fimo", library))
    fewer = {
        int(row): thin(best_of_family(hits), random)
        for row, hits in zip(chosen, scanner.scan([short.sequences[row] for row in chosen[:pieces]]))
    }
    for name, table, hits_of in (("train", train, found), ("pieces", short, fewer)):
        lines: dict[int, list[str]] = {row: [] for row in hits_of}
        for fold, tower in enumerate(every):
            mine = np.array([row for row in hits_of if folds[row] == fold], dtype=np.int64)
            towers = Towers(tower, tower)
            for example in examples(table, mine, [hits_of[row] for row in mine], towers, knowledge, scale, cuts):
                lines[example.row].append(json.dumps(asdict(example)) + "\n")
        with (out / f"examples-{name}.jsonl").open("w") as handle:
            handle.writelines(line for mine in lines.values() for line in mine)


def read_examples(path: Path) -> list[Example]:
    """Read what `make` wrote."""
    with path.open() as handle:
        plain = [json.loads(line) for line in handle]
    return [Example(**{**entry, "features": tuple(entry["features"])}) for entry in plain]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=10_400)
    parser.add_argument("--pieces", type=int, default=3_400)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    make(arguments.data, arguments.out, arguments.rows, arguments.pieces)


if __name__ == "__main__":
    main()
