"""What the tests of the command line share: a stand-in for the model, predictions without one, bad inputs."""

from __future__ import annotations

import gzip
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from card_helpers import a_told_card
from click.testing import CliRunner, Result

from cistrace.cards.backdrop import CompositionLine
from cistrace.cards.card import Card
from cistrace.cards.cell_types import canonical_cell_types
from cistrace.cards.json import card_hash
from cistrace.cards.windows import WindowChoice
from cistrace.checkpoints.schema import Readout
from cistrace.cli.main import cli
from cistrace.io.dna_sequence import DnaSequence
from cistrace.motifs.hit import MotifHit
from cistrace.predictions.ledger import ledger_of
from cistrace.predictions.prediction import Prediction, Provenance
from cistrace.traces.grounded import write
from cistrace.traces.ledger import activity_of
from cistrace.traces.text import render_trace
from cistrace.traces.verify import verify

DNA = "ACGTTGCAAGTCCGATAGCTTGCACCGTATTAGC"
FASTA = f">one first\n{DNA}\n>two\n{DNA[::-1]}\n"
AWKWARD = ["plain", "[red]x[/red]", 'a"b', '"quoted"', "tab\there", "line\nend", "\x1b[31mred", "back\\slash", "ä€😀"]
CELL_TYPES = ("HepG2", "K562", "WTC11")
SCORE = 0.4212345678901  # of `a_prediction` without a trace, log2(RNA/DNA)
PROVENANCE = Provenance("0.1.0", "c0ffee", "JASPAR2026:abc", "fimo", "1", "towers")


def obey_interrupts() -> None:
    """For a child: a shell starts background jobs, such as a whole test run, deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def a_card(cell_type: str = "K562", bases: str = DNA) -> Card:
    """Two sites: +0.05 + 0.11 without them, +0.31 and -0.12, rest +0.07 make +0.42."""
    first = MotifHit("MA0028.3", "ELK1", frozenset({"Ets-related"}), 0, 8, "+", 9.5, 1e-5)
    second = MotifHit("MA0148.5", "FOXA1", frozenset({"FOX"}), 12, 20, "-", 8.25, 2e-5)
    line = CompositionLine(0.05, 0.0, 0.0)
    return a_told_card(bases, [first, second], [0.31, -0.12], 0.16, 0.42, line=line, cell_type=cell_type)


def a_prediction(identifier: str = "one", cell_type: str = "K562", trace: bool = True) -> Prediction:
    """With a trace its activity is what the ledger adds up to, without one the unrounded score."""
    card = a_card(cell_type)
    found = write(card)
    return Prediction(
        id=identifier,
        cell_type=cell_type,
        activity=activity_of(found.steps) if trace else SCORE,
        lower=-1.0 / 3,
        upper=2.0 / 3,
        percentile=61.5,
        level=2,
        level_probabilities=(0.1, 0.2, 0.3, 0.4),
        domain_percentile=71.25,
        flags=("padded", "ambiguous:2"),
        start=0,
        end=len(DNA),
        card_hash=card_hash(card) if trace else None,
        provenance=PROVENANCE,
        trace=found if trace else None,
        trace_text=render_trace(found) if trace else None,
        verification=verify(found, card) if trace else None,
        written_by="model" if trace else None,
        ledger=ledger_of(found) if trace else None,
        card=card if trace else None,
    )


class StandIn:
    """Answers as `cistrace.predict.Predictor` does, without a model."""

    cell_types = CELL_TYPES

    def __init__(
        self, model: Path | None = None, threads: int | None = None, device: str | None = None,
        expressed: frozenset[str] | None = None,
    ) -> None:  # fmt: skip
        self.checkpoint = SimpleNamespace(
            hash=str(model), place=device or "cpu", faults=(), scales={}, towers=None, cell_types=self.cell_types
        )

    def readout(self, trace: bool) -> Readout:
        """With and without traces the towers' number is what it reports."""
        return "towers"

    def stream(
        self, sequences: Iterable[DnaSequence], cell_types: Iterable[str], trace: bool, windows: WindowChoice = "best",
        on_written: Callable[[int], None] | None = None,
    ) -> Iterator[Prediction]:  # fmt: skip
        cells = canonical_cell_types(cell_types, self.cell_types)
        for sequence in sequences:
            for cell in cells:
                yield a_prediction(sequence.id, cell, trace)
            if on_written is not None:
                on_written(len(cells))


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    module = ModuleType("cistrace.predict")
    module.Predictor = StandIn  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cistrace.predict", module)
    return StandIn


def invoke(*arguments: str | int | Path, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=stdin)


def subprocess_run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cistrace", *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]


BAD_INPUTS: dict[str, tuple[str, bytes]] = {
    "empty file": ("in.fa", b""),
    "empty record": ("in.fa", f">one\n>two\n{DNA}\n".encode()),
    "U": ("in.fa", b">one\nACGUACGUACGUACGUACGUACGU\n"),
    "no DNA letter": ("in.fa", f">one\n{DNA}!\n".encode()),
    "too short": ("in.fa", b">one\nACGT\n"),
    "duplicate id": ("in.fa", f">one\n{DNA}\n>one\n{DNA}\n".encode()),
    "binary junk": ("in.fa", bytes(range(256)) * 20),
    "torn gzip": ("in.fa.gz", gzip.compress(FASTA.encode() * 500, mtime=0)[:-20]),
    "missing column": ("in.csv", f"id,letters\none,{DNA}\n".encode()),
    "BED without a genome": ("in.bed", b"chr1\t0\t100\n"),
    "torn Parquet": ("in.parquet", b"PAR1 and then nothing"),
}
"""File name and content of inputs that no command takes."""
