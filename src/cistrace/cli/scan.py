"""`cistrace scan`: motif hits, as FIMO finds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cistrace.cli.engine import EngineName, engine_options, open_engine
from cistrace.cli.progress import Progress
from cistrace.cli.reading import Reading, Records, reading_options, shard_option, threads_option
from cistrace.cli.stages import ScanStage
from cistrace.io.files import output_path, text_output
from cistrace.io.shards import Shard
from cistrace.io.streams import ending_of

if TYPE_CHECKING:
    from cistrace.io.count import RecordCount
    from cistrace.io.dna_sequence import DnaSequence
    from cistrace.motifs.fimo import FimoBlock


@click.command(short_help="Motif hits, as FIMO finds them.")
@click.argument("source", metavar="INPUT")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Table to write: CSV where its name ends in .csv or .csv.gz, TSV otherwise; .gz compresses."
    " [default: TSV to standard output]",
)
@click.option(
    "--motifs",
    default="JASPAR2026",
    show_default=True,
    metavar="JASPAR<year>|FILE.meme",
    help="CORE vertebrate matrices of a JASPAR release, or a MEME motif file.",
)
@click.option(
    "--p-threshold", type=float, default=5e-5, show_default=True, metavar="P", help="Largest p-value of a hit."
)
@click.option(
    "--background",
    default="fimo",
    show_default=True,
    metavar="fimo|fimo-averaged|uniform|motif-file|FILE",
    help="Letter frequencies behind scores and p-values: FIMO's default table as it stands, the same averaged over"
    " the strands, 0.25 each, what the motif file states, or a MEME background file.",
)
@threads_option
@engine_options
@shard_option
@reading_options
def scan(
    source: str,
    output: str | None,
    motifs: str,
    p_threshold: float,
    background: str,
    threads: int | None,
    engine_name: EngineName,
    address: str | None,
    shard: Shard | None,
    genome: Path | None,
    id_column: str | None,
    sequence_column: str | None,
    on_error: Literal["stop", "skip"],
    rejects: Path | None,
) -> None:
    """Find motif hits in the sequences of INPUT, by FIMO's rules, on both strands.

    Writes FIMO's columns: motif_id, motif_alt_id, sequence_name, start, stop (1-based, inclusive),
    strand, score (bits), p-value, q-value, matched_sequence. Windows over letters other than
    A, C, G, T are not scored. Rows come in the order of the input; sort them by p-value for FIMO's.

    \b
    Examples:
      cistrace scan enhancers.fa -o hits.tsv
      cistrace scan peaks.bed --genome hg38.fa --motifs mine.meme --background motif-file
      zcat many.fa.gz | cistrace scan - --p-threshold 1e-6 | sort -t$'\\t' -gk8
    """
    target = output_path(output)
    reading = Reading(source, genome, id_column, sequence_column, on_error, rejects, target, shard)
    reading.check(motifs, background)
    records = Records(reading)

    from cistrace.motifs.background import load_background
    from cistrace.motifs.fimo import write_fimo_blocks
    from cistrace.motifs.library import load_library
    from cistrace.motifs.scanner import batches

    library = load_library(motifs)
    stage = ScanStage(library, load_background(background, library), p_threshold)
    with open_engine(engine_name, address, threads) as engine:
        engine.opened(stage)  # what is wrong with the options is said before a file is made
        with text_output(target) as out:
            comma = target is not None and ending_of(target) == ".csv"
            found = engine.map(stage, batches(records, lambda one: len(one.bases)))
            write_fimo_blocks(_shown(found, reading.count()), out, "," if comma else "\t")
            records.finish()


def _shown(
    found: Iterable[tuple[list[DnaSequence], Iterable[FimoBlock]]], count: RecordCount | None
) -> Iterator[FimoBlock]:
    """The stream, and how far it is; that line is gone when the table is written, at the stream's end."""
    with Progress("sequences", count) as progress:
        for block, rows in found:
            yield from rows
            progress.advance(len(block))
