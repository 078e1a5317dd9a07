"""What is fuzzed: every family of readers, each as a function of one file's bytes.

A `CistraceError` of one clear line, or a result, is all that may come of any bytes.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from cli_helpers import CELL_TYPES, a_card

from cistrace.cards.expression import read_expressed
from cistrace.cards.json import card_object, read_card
from cistrace.cards.known_effects import read_known_effects
from cistrace.cards.text import parse_card, render_card
from cistrace.chat.endpoint import Refused, Unusable, _error_words, _reply
from cistrace.chat.limits import stated_wait
from cistrace.checkpoints.schema import CONFIG, read_config
from cistrace.constraints.file import parse_regions, read_constraints
from cistrace.design.journal import SearchJournal
from cistrace.errors import CistraceError, ConstraintError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.files import output_path
from cistrace.io.genome import open_genome
from cistrace.io.journal import Journal
from cistrace.io.rejects import Rejects
from cistrace.io.sequences import parse_sequences, read_sequences
from cistrace.io.terminal import printable
from cistrace.motifs.background import load_background
from cistrace.motifs.library import load_library
from cistrace.motifs.scanner import Scanner
from cistrace.mpra.rows import read_rows as read_table_rows
from cistrace.reasonbench.entries import read_entries
from cistrace.reasonbench.gates import judge
from cistrace.reasonbench.manifest import MANIFEST, read_manifest
from cistrace.reasonbench.reviews import REVIEWS_FILE, read_reviews
from cistrace.reasonbench.sheet import read_sheet
from cistrace.report.stored import read_rows as read_predictions
from cistrace.reward.objective import objective_of
from cistrace.serve.game import GameError, read_question
from cistrace.traces.text import parse_trace, read_trace, render_trace
from cistrace.traces.verify import verify
from cistrace.training.recipe_file import load_recipe
from cistrace.training.run import Run
from cistrace.training.trace_file import texts_by_key
from cistrace.variants.reading import VariantReader
from cistrace.writers.vocabulary import VocabularyNames

Target = Callable[[bytes], None]

GENOME = "ACGTTGCAAGTCCGATAGCTTGCACCGTATTAGC" * 20
_FOLDER = tempfile.TemporaryDirectory(prefix="cistrace-fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
FOLDER = Path(_FOLDER.name)
CARD = a_card()


def one_of(data: bytes, several: Iterable[str]) -> tuple[str, bytes]:
    """One of several names, chosen by the first byte, and the other bytes."""
    names = tuple(several)
    return names[data[0] % len(names)] if data else names[0], data[1:]


def written(name: str, data: bytes) -> Path:
    """A file of these bytes."""
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def refused(work: Callable[[], Any]) -> None:
    """Do something that may be refused, in lines that a terminal can be given."""
    try:
        work()
    except ConstraintError as error:
        _check(error.lines)
    except CistraceError as error:
        _check((str(error),))


def _check(lines: Iterable[str]) -> None:
    for line in lines:
        assert line.strip(), "an empty message"
        assert len(line) < 20_000, f"a message of {len(line)} characters"
        printable(line).encode("utf-8", "backslashreplace")


def sequences(data: bytes) -> None:
    """FASTA, CSV, TSV, JSONL, Parquet and text, plain or gzip."""
    ending, data = one_of(data, ("fa", "csv", "tsv", "jsonl", "parquet", "txt", "fa.gz"))
    path = written(f"in.{ending}", data)
    refused(lambda: list(read_sequences(path)))
    rejects = Rejects()
    refused(lambda: list(read_sequences(path, on_error="skip", rejects=rejects, minimum_known=20)))
    refused(lambda: list(parse_sequences(text_of(data))))


def regions(data: bytes) -> None:
    """BED over a genome, and a genome."""
    kind, data = one_of(data, ("bed", "genome"))
    if kind == "bed":
        genome = FOLDER / "genome.fa"
        if not genome.exists():
            genome.write_text(f">chr1\n{GENOME}\n")
        refused(lambda: list(read_sequences(written("in.bed", data), genome=genome)))
        return
    for path in FOLDER.glob("odd.fa*"):
        path.unlink()
    path = written("odd.fa", data)

    def read() -> None:
        with open_genome(path) as genome:
            for contig, length in genome.lengths.items():
                genome.bases(contig, 0, min(length, 100))

    refused(read)


def variants(data: bytes) -> None:
    """VCF, BCF, lists and tables of variants."""
    ending, data = one_of(data, ("vcf", "tsv", "txt", "vcf.gz", "csv"))
    path = written(f"variants.{ending}", data)
    genome = written("genome.fa", f">chr1\n{GENOME}\n".encode())
    with open_genome(genome) as opened:
        refused(lambda: list(VariantReader(60, opened).file(path)))
        refused(lambda: list(VariantReader(60, opened, refused=lambda reject: None).file(path)))


def tables(data: bytes) -> None:
    """Tables of measurements, of expression, and reviews."""
    kind, data = one_of(data, ("csv", "tsv", "jsonl", "parquet", "xlsx", "expression", "sheet"))
    if kind == "expression":
        refused(lambda: read_expressed(written("tpm.tsv", data)))
    elif kind == "sheet":
        refused(lambda: read_sheet(written("sheet.csv", data), lambda name, cell: None))
    else:
        refused(lambda: list(read_table_rows(written(f"table.{kind}", data), asked=("sequence", "name"))))


def motifs(data: bytes) -> None:
    """MEME motif files and backgrounds."""
    kind, data = one_of(data, ("meme", "background"))
    path = written("motifs.meme", data)
    if kind == "background":
        refused(lambda: load_background(path))
        return

    def scan() -> None:
        library = load_library(path)
        if max(len(motif.values) for motif in library.motifs) <= 60 and len(library) <= 8:
            Scanner(library, load_background("uniform")).scan([GENOME[:100]])

    refused(scan)


def cards(data: bytes) -> None:
    """Cards as text and as JSON."""
    kind, data = one_of(data, ("text", "json"))
    if kind == "text":
        refused(lambda: render_card(parse_card(text_of(data))))
    else:
        with suppress(ValueError, RecursionError):  # what reads the file says that it is no JSON
            plain = json.loads(data)
            refused(lambda: card_object(read_card(plain)))


def traces(data: bytes) -> None:
    """Traces, as a model or an endpoint writes them, against a card."""
    text = text_of(data)
    refused(lambda: parse_trace(text))
    found = read_trace(text)
    verify(found.trace, CARD)
    judge(text, CARD)
    if not found.faults:
        again = render_trace(found.trace)
        assert render_trace(parse_trace(again)) == again


def settings(data: bytes) -> None:
    """Constraints, recipes and what changes one, regions, objectives."""
    kind, data = one_of(data, ("constraints", "recipe", "change", "keep", "objective"))
    path = written("settings.yaml", data)
    if kind == "constraints":
        refused(lambda: read_constraints(path))
    elif kind == "recipe":
        refused(lambda: load_recipe(path))
    elif kind == "change":
        refused(lambda: load_recipe("compact", [text_of(data)]))
    elif kind == "keep":
        refused(lambda: parse_regions(text_of(data)))
    else:
        refused(lambda: objective_of(text_of(data), "HepG2", ("K562",), None, CELL_TYPES))


def stored(data: bytes) -> None:
    """Stored predictions, data sets of traces, reviews, manifests, kept traces."""
    kind, data = one_of(data, ("jsonl", "parquet", "entries", "reviews", "manifest", "traces"))
    if kind in ("jsonl", "parquet"):
        refused(lambda: list(read_predictions(written(f"predictions.{kind}", data))))
    elif kind == "entries":
        refused(lambda: list(read_entries(written("train.jsonl", data))))
    elif kind == "reviews":
        refused(lambda: read_reviews(written(f"set/{REVIEWS_FILE}", data).parent))
    elif kind == "manifest":
        refused(lambda: read_manifest(written(f"set/{MANIFEST}", data).parent))
    else:
        texts_by_key([written("traces.jsonl", data)], {"a"})


def checkpoints(data: bytes) -> None:
    """What a model's folder and a run's folder say of themselves."""
    kind, data = one_of(data, ("checkpoint", "vocabulary", "effects", "config", "about"))
    if kind == "checkpoint":
        refused(lambda: read_config(written(f"model/{CONFIG}", data).parent.parent))
    elif kind == "vocabulary":
        refused(lambda: VocabularyNames.read(written("vocabulary.json", data)))
    elif kind == "effects":
        refused(lambda: read_known_effects(written("effects.tsv", data)))
    else:
        run = Run(FOLDER / "run")
        written(f"run/{'config.yaml' if kind == 'config' else 'run.json'}", data)
        refused(run.read_config if kind == "config" else run.read_about)


def journals(data: bytes) -> None:
    """What interrupted runs left."""
    kind, data = one_of(data, ("rows", "rounds"))
    output = output_path(str(FOLDER / "out.jsonl"))
    assert output is not None
    path = written("out.jsonl.partial", data)
    of = {"model": "a"}

    def rows() -> None:
        with Journal(output, of, True) as journal:
            for block in ([DnaSequence("one", "ACGT")], [DnaSequence("two", "ACGT")]):
                found = journal.known(block)
                if found is not None:
                    list(found)

    def rounds() -> None:
        with SearchJournal(output, of, True):
            pass

    refused(rows if kind == "rows" else rounds)
    path.unlink(missing_ok=True)


def replies(data: bytes) -> None:
    """What servers answer, and what evaluators ask."""
    kind, data = one_of(data, ("reply", "error", "wait", "question"))
    if kind == "reply":
        with suppress(Unusable, Refused):
            _reply(data, "OPENAI_API_KEY")
    elif kind == "error":
        _error_words(data)
    elif kind == "wait":
        stated_wait({"retry-after": text_of(data), "x-ratelimit-reset-tokens": text_of(data)})
    else:
        with suppress(GameError):
            read_question(data)


FAMILIES: dict[str, Target] = {
    target.__name__: target
    for target in (
        sequences, regions, variants, tables, motifs, cards, traces, settings, stored, checkpoints, journals, replies,
    )
}  # fmt: skip
