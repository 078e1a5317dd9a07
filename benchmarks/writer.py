"""How often the writer's own words hold, before anything is mended: by length of the sequence, with and without
grammar.

    python benchmarks/writer.py --data DIR [--split test] [--n 200] [--free 100]

DIR holds joint_mpra.tsv.gz; a piece of each length is cut from elements drawn at random, always the same. A trace
parses where it has the form of one, is verified where every claim and sum holds, and holds where it also tells the
whole and concludes the level of the row. Without the grammar the first pieces are decoded freely, sums included.
Markdown on stdout.
"""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import chain
from pathlib import Path

import numpy as np

from cistrace.cards.card import Card
from cistrace.cards.maker import WindowCards
from cistrace.cards.windows import SequenceWindow, Window
from cistrace.engines.workers import blocks
from cistrace.io.dna_sequence import DnaSequence
from cistrace.mpra.table import read_joint
from cistrace.predict import TOGETHER, Predictor
from cistrace.traces.text import read_trace
from cistrace.traces.verify import verify
from cistrace.writers.telling import blank, holds

LENGTHS = (20, 40, 60, 100, 150, 200)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=["val", "test"], default="test")
    parser.add_argument("--n", type=int, default=200, help="elements of each length, each in all cell types")
    parser.add_argument("--free", type=int, default=100, help="of them, decoded without the grammar too")
    options = parser.parse_args()
    table = read_joint(options.data).split(options.split)
    random = np.random.default_rng(0)
    rows = random.permutation(len(table))[: options.n].tolist()
    predictor = Predictor()
    print("| bp | decoded | traces | parse | verified | hold |\n|---|---|---|---|---|---|")
    for length in LENGTHS:
        pieces = [piece(table.sequences[row], length, random) for row in rows]
        windows = list(predictor.maker.window_cards(pieces, predictor.cell_types))
        scored = predictor.score(windows, predictor.cell_types, trace=True)
        texts = [told.first for one in scored for told in one.told]
        cards = [card for one in windows for card in one.cards]
        writers = Counter(told.by for one in scored for told in one.told)
        print(line(length, "in the form", texts, cards), flush=True)
        if options.free:
            free = freely(predictor, windows[: options.free])
            print(line(length, "freely", free, cards[: len(free)]), flush=True)
        print(f"| | reported | {writers.total():,} | by {dict(writers)} | | |", flush=True)


def piece(bases: str, length: int, random: np.random.Generator) -> SequenceWindow:
    """A stretch of an element; all of one that is no longer."""
    start = int(random.integers(0, max(1, len(bases) - length + 1)))
    record = DnaSequence("", bases[start : start + length], "")
    return SequenceWindow(record, Window(0, len(record.bases)))


def freely(predictor: Predictor, windows: list[WindowCards]) -> list[str]:
    """What the weights write without the grammar, window by window and cell type by cell type."""
    texts: list[str] = []
    for block in blocks(windows, TOGETHER):
        prompts, _ = predictor.inputs(block, predictor.cell_types)
        reasoned = predictor.checkpoint.reasoner.reason(prompts, blank(prompts), constrained=False)
        texts += chain.from_iterable(reasoned.texts)
    return texts


def line(length: int, decoded: str, texts: list[str], cards: list[Card]) -> str:
    parsed = np.mean([not read_trace(text).faults for text in texts])
    verified = np.mean([verify(text, card).verified for text, card in zip(texts, cards, strict=True)])
    held = np.mean([holds(text, card) for text, card in zip(texts, cards, strict=True)])
    return f"| {length} | {decoded} | {len(texts):,} | {parsed:.1%} | {verified:.1%} | {held:.1%} |"


if __name__ == "__main__":
    main()
