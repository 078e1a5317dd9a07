"""Every speed and size that the docs promise, beside a rival or a smaller run, as one table.

    python benchmarks/table.py [--parts scan predict length memory] [--rounds 3] [--small]

Rounds go through all contestants of a part in turn, so that a busy machine slows all alike; medians and ratios are
printed, as Markdown. `--small` takes a tenth of the sequences. Time against cores and workers: scale.py. The rivals:

    pymemesuite      FIMO's own code, over matrices built beforehand
    lightmotif       bare: hits counted, nothing sorted, no p-values
    one at a time    the same steps by PyTorch and transformers as they are: towers as they were trained, `generate`
                     on one prompt after another, every trace read and verified
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from memory import COMMANDS, peak_of, sizes, write_random_fasta
from rivals import LENGTH, bare_lightmotif, fimo, random_sequences, seconds

PARTS = ("scan", "predict", "length", "memory")
LENGTHS = (100, 200, 400, 2_000, 20_000)
MOST_TOKENS = 400  # of a trace that is written one at a time


@dataclass(frozen=True)
class Line:
    """A figure beside another; `ratio` is ours to theirs, `bar` what it should reach, or for memory not exceed."""

    what: str
    figure: str
    beside: str
    ratio: float | None = None
    bar: str = ""


def medians(contestants: Mapping[str, tuple[float, Callable[[], object]]], rounds: int) -> dict[str, float]:
    """Median rate of each: the amount of its work over seconds, all in turn in every round."""
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for round_ in range(rounds):
        for name, (amount, work) in contestants.items():
            print(f"round {round_ + 1} of {rounds}: {name}", file=sys.stderr)
            rates[name].append(amount / seconds(work))
    return {name: statistics.median(found) for name, found in rates.items()}


def scanning(scale: float, rounds: int) -> Iterator[Line]:
    """Scanner and paper's cards on one core, beside pymemesuite and bare lightmotif."""
    from cistrace.checkpoints.card_maker import open_card_maker
    from cistrace.io.dna_sequence import DnaSequence
    from cistrace.motifs.background import load_background
    from cistrace.motifs.library import load_library
    from cistrace.motifs.scanner import Scanner

    library, background = load_library(), load_background("fimo")
    scanner, maker = Scanner(library, background), open_card_maker("none")
    many = random_sequences(int(2_000 * scale))
    few = many[: int(500 * scale)]
    records = [DnaSequence(str(number), bases) for number, bases in enumerate(many)]
    ways: dict[str, tuple[float, Callable[[], object]]] = {
        "scan": (len(many), lambda: scanner.scan(many)),
        "cards": (len(many), lambda: list(maker.cards(records, maker.cell_types[:1]))),
        "lightmotif": (len(many), bare_lightmotif(library, background, many)),
        "pymemesuite": (len(few), fimo(library, background, few)),
    }
    rate = medians(ways, rounds)
    theirs, bare = (f"{name} {rate[name]:,.0f}/s" for name in ("pymemesuite", "lightmotif"))
    yield Line("scan, one core", f"{rate['scan']:,.0f} sequences/s", bare, rate["scan"] / rate["lightmotif"], "0.5")
    yield Line("scan, one core", f"{rate['scan']:,.0f} sequences/s", theirs, rate["scan"] / rate["pymemesuite"])
    yield Line(
        "cards without evidence, one core", f"{rate['cards']:,.0f} cards/s", f"{theirs}, scan alone",
        rate["cards"] / rate["pymemesuite"], "40",
    )  # fmt: skip


def predicting(scale: float, rounds: int) -> Iterator[Line]:
    """Predictions with and without traces on all cores, beside the same steps one record at a time."""
    from cistrace import Predictor

    predictor = Predictor()
    records = random_sequences(int(192 * scale))
    cells = len(predictor.cell_types)
    predictor.predict(records[:8])
    tower, trace = towers_one_at_a_time(), traces_one_at_a_time(predictor)
    few = records[: max(2, int(6 * scale))]
    ways: dict[str, tuple[float, Callable[[], object]]] = {
        "without": (cells * len(records), lambda: predictor.predict(records, trace=False)),
        "with": (cells * len(records), lambda: predictor.predict(records)),
        "tower": (cells * len(records), lambda: tower(records)),
        "trace": (cells * len(few), lambda: trace(few)),
    }
    rate = medians(ways, rounds)
    for ours, other, bar, floor in (("without", "tower", "", 600), ("with", "trace", "20", 40)):
        yield Line(
            f"predictions {ours} traces, {cells} cell types counted", f"{rate[ours]:,.0f}/s ({floor} wanted)",
            f"one at a time {rate[other]:,.1f}/s", rate[ours] / rate[other], bar,
        )  # fmt: skip


def towers_one_at_a_time() -> Callable[[Sequence[str]], None]:
    """LegNet as it was trained, both strands, sequence after sequence."""
    from cistrace.checkpoints.schema import TOWER_FILES, shipped_checkpoint
    from cistrace.towers.encoding import base_codes
    from cistrace.towers.files import load_tower
    from cistrace.towers.fit import predict

    tower = load_tower(shipped_checkpoint() / TOWER_FILES[0])

    def work(sequences: Sequence[str]) -> None:
        for bases in sequences:
            predict(tower, base_codes([bases], tower.window))

    return work


def traces_one_at_a_time(predictor: object) -> Callable[[Sequence[str]], None]:
    """Card, `generate` of transformers, reading and verification: one sequence and cell type after another."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from cistrace import Predictor
    from cistrace.checkpoints.schema import shipped_checkpoint
    from cistrace.io.dna_sequence import DnaSequence
    from cistrace.traces.verify import verify
    from cistrace.writers.layout import DOMAIN, DomainLayout, prompt_of

    assert isinstance(predictor, Predictor)
    model = AutoModelForCausalLM.from_pretrained(shipped_checkpoint(), dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(shipped_checkpoint())
    layout = DomainLayout(tokenizer)

    def work(sequences: Sequence[str]) -> None:
        for number, bases in enumerate(sequences):
            for cell_type in predictor.cell_types:
                (found,) = predictor.maker.cards([DnaSequence(str(number), bases)], (cell_type,))
                prompt = torch.as_tensor(layout.whole_prompt(prompt_of(DOMAIN, found.card))[None].astype("int64"))
                with torch.inference_mode():
                    told = model.generate(
                        prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=MOST_TOKENS,
                        eos_token_id=layout.end, pad_token_id=layout.pad,
                    )  # fmt: skip
                verify(tokenizer.decode(told[0, prompt.shape[1] :]), found.card)

    return work


def lengths(scale: float, rounds: int) -> Iterator[Line]:
    """Cost a base against the length of sequences, the same number of bases each."""
    import numpy as np

    from cistrace import Predictor
    from cistrace.motifs.background import load_background
    from cistrace.motifs.library import load_library
    from cistrace.motifs.scanner import Scanner

    predictor, scanner = Predictor(), Scanner(load_library(), load_background("fimo"))
    total = int(100_000 * scale)
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)[np.random.default_rng(0).integers(0, 4, total)].tobytes().decode()
    ways: dict[str, tuple[float, Callable[[], object]]] = {}
    for length in LENGTHS:
        pieces = [letters[start : start + length] for start in range(0, total - length + 1, length)]
        if pieces:
            amount = length * len(pieces) / 1_000
            ways[f"scan {length}"] = amount, lambda pieces=pieces: scanner.scan(pieces)  # type: ignore[misc]
            ways[f"predict {length}"] = (
                amount,
                lambda pieces=pieces: list(  # type: ignore[misc]
                    predictor.stream(pieces, trace=False, windows="all")
                ),
            )
    rate = medians(ways, rounds)
    for name in ("scan", "predict"):
        words = "scan, one core" if name == "scan" else "predict without traces, all windows"
        for length in LENGTHS:
            if (found := rate.get(f"{name} {length}")) is not None and length != LENGTH:
                base = rate[f"{name} {LENGTH}"]
                beside = f"{base:,.0f} kb/s at {LENGTH} bp"
                yield Line(f"{words}, {length:,} bp", f"{found:,.0f} kb/s", beside, found / base)


def memory(scale: float) -> Iterator[Line]:
    """Peak memory at ten and a hundred times as many sequences."""
    most = {"scan": 1_000_000, "card": 1_000_000, "predict": 100_000}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for command, limit in most.items():
            words, output = COMMANDS[command]
            first = None
            for count in sizes(int(10_000 * scale), int(limit * scale)):
                source = folder / f"{count}.fa"
                if not source.exists():
                    write_random_fasta(source, count, LENGTH)
                print(f"memory: {command} of {count:,}", file=sys.stderr)
                peak, _ = peak_of([sys.executable, "-m", "cistrace", *words, str(source), "-o", str(folder / output)])
                if first is not None:
                    beside = f"{first[1]:,.0f} MiB of {first[0]:,}"
                    yield Line(
                        f"{' '.join(words)}, {count:,} sequences", f"{peak:,.0f} MiB", beside, peak / first[1], "1.2"
                    )
                first = first or (count, peak)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", action="store_true")
    asked = parser.parse_args()
    scale = 0.1 if asked.small else 1.0
    parts: dict[str, Callable[[], Iterator[Line]]] = {
        "scan": lambda: scanning(scale, asked.rounds),
        "predict": lambda: predicting(scale, asked.rounds),
        "length": lambda: lengths(scale, asked.rounds),
        "memory": lambda: memory(scale),
    }
    print("| what | figure | beside | ratio | bar |\n|---|---|---|---|---|", flush=True)
    for part in asked.parts:
        for line in parts[part]():
            ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
            print(f"| {line.what} | {line.figure} | {line.beside} | {ratio} | {line.bar} |", flush=True)


if __name__ == "__main__":
    main()
