"""What drafts save, and where the time of a prediction with a trace goes, in one run.

    python benchmarks/drafts.py [--fasta examples/enhancers.fa] [--n 48] [--rounds 3] [--threads 1]

The sequences of a FASTA file, or random ones of 200 bp, in every cell type, each counted. Every round takes the parts
in turn and counts the time of all cores, so that a busy machine slows all alike. The drafts are the grounded writer's
traces, as in `Predictor`; other sequences' drafts show what wrong ones cost. Texts must come out the same with and
without.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path

from rivals import random_sequences

from cistrace import Predictor
from cistrace.cards.windows import reported_windows
from cistrace.io.in_memory import as_sequences
from cistrace.io.sequences import read_sequences
from cistrace.writers.domain_reasoner import DomainReasoner


def agreement(written: list[int], drafted: list[int]) -> int:
    """How many tokens both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(written, drafted)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fasta", type=Path)
    parser.add_argument("--n", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, help="all cores unless given; 1 says most beside other work")
    arguments = parser.parse_args()
    predictor = Predictor(threads=arguments.threads)
    cells = predictor.cell_types
    given = random_sequences(arguments.n) if arguments.fasta is None else list(read_sequences(arguments.fasta))
    records = list(as_sequences(given[: arguments.n]))
    asked = [at for at, cell in reported_windows(records, predictor.maker.window, len(cells), None) if cell == 0]
    windows = list(predictor.maker.window_cards(asked, cells))
    prompts, features = predictor.inputs(windows, cells)
    drafts = [[predictor._draft(card) for card in one.cards] for one in windows]
    reasoner = predictor.checkpoint.reasoner
    assert isinstance(reasoner, DomainReasoner)
    reason = reasoner.reason
    parts: dict[str, Callable[[], object]] = {
        "scan and evidence": lambda: list(predictor.maker.window_cards(asked, cells)),
        "prompts and drafts as text": lambda: [
            predictor.inputs(windows, cells), [[predictor._draft(card) for card in one.cards] for one in windows]
        ],
        "reading the prompts": lambda: reason(prompts, features, write=False),
        "reading them and writing, without drafts": lambda: reason(prompts, features),
        "reading them and writing, with drafts": lambda: reason(prompts, features, drafts=drafts),
        "the same, with drafts of other sequences": lambda: reason(
            prompts, features, drafts=drafts[1:] + drafts[:1]
        ),
    }  # fmt: skip
    texts = [text for row in reason(prompts, features, drafts=drafts).texts for text in row]
    assert texts == [text for row in reason(prompts, features).texts for text in row]
    spent: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(arguments.rounds):
        for name, part in parts.items():
            start = time.process_time()
            part()
            spent[name].append((time.process_time() - start) / len(texts) * 1000)
    for name, found in spent.items():
        print(f"{name}: median {statistics.median(found):.1f} ms of a core a trace, {min(found):.1f}-{max(found):.1f}")
    gain = [plain / drafted for plain, drafted in zip(*list(spent.values())[3:5], strict=True)]
    print(f"with drafts {statistics.median(gain):.2f} x as fast as without, {min(gain):.2f}-{max(gain):.2f}")
    flat = [text for row in drafts for text in row]
    written, drafted = ([encoded.ids for encoded in reasoner.tokenizer.encode_batch(many)] for many in (texts, flat))
    agreed = sum(agreement(*pair) for pair in zip(written, drafted, strict=True))
    same = sum(text == draft for text, draft in zip(written, drafted, strict=True))
    print(f"{len(texts)} traces of {sum(map(len, written)) / len(texts):.1f} tokens, {same} just as drafted;")
    print(f"{agreed / sum(map(len, written)):.3f} of all tokens stand before the first that the writer chose otherwise")


if __name__ == "__main__":
    main()
