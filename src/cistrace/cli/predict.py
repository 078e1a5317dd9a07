"""`cistrace predict`: activity, interval, level and reasoning trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from cistrace.cards.cell_types import canonical_cell_types
from cistrace.cards.windows import MINIMUM_KNOWN, WindowChoice
from cistrace.cli.engine import EngineName, device_option, engine_options, open_engine, say_device
from cistrace.cli.page import VIEW, Page, check_page
from cistrace.cli.progress import Progress
from cistrace.cli.reading import (
    Reading,
    Records,
    cell_type_option,
    expression_option,
    model_option,
    reading_options,
    shard_option,
    threads_option,
)
from cistrace.cli.resume import check_resume, keeping, resume_option
from cistrace.cli.stages import PredictionStage, RowStage
from cistrace.cli.tracks import bigwig_main, check_tracks, open_tracks, track_prefix
from cistrace.cli.windows import windows_option
from cistrace.engines.workers import blocks
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.files import output_path, placed_together
from cistrace.io.shards import Shard
from cistrace.io.terminal import to_terminal
from cistrace.predictions.table import check_prediction_ending, prediction_output
from cistrace.version import __version__

if TYPE_CHECKING:
    from cistrace.engines.engine import Engine

BLOCK = 192  # sequences that are worked on, and kept for --resume, together
SHOWN_TOGETHER = 60  # rows of one table on a terminal


@click.command(short_help="Activity, interval, level and reasoning trace.")
@click.argument("source", metavar="INPUT")
@cell_type_option
@click.option(
    "--trace/--no-trace",
    default=True,
    help="Let the model write its reasons, or give the sequence model's own number: no motif is sought and no language "
    "model loaded, many times as fast. [default: --trace]",
)
@windows_option
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Table to write; its ending decides: .tsv, .csv, .jsonl (these also .gz) or .parquet."
    " [default: a table and traces in a terminal, TSV in a pipe]",
)
@model_option
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Page to write beside the table, or without -o in its place: one .html file with sites, ledgers and traces "
    "to look at.",
)
@click.option(
    "--bigwig",
    callback=track_prefix,
    metavar="PREFIX",
    help="bigWig tracks of activity to write beside the table, or without -o in its place: PREFIX.CELL.bw, or CELL.bw "
    "in a folder. Needs --genome.",
)
@resume_option
@expression_option
@threads_option
@engine_options
@device_option
@shard_option
@reading_options
def predict(
    source: str,
    cell_types: tuple[str, ...],
    trace: bool,
    windows: WindowChoice,
    output: str | None,
    model: Path | None,
    report: Path | None,
    bigwig: Path | None,
    resume: bool,
    expression: Path | None,
    threads: int | None,
    engine_name: EngineName,
    address: str | None,
    device: str | None,
    shard: Shard | None,
    genome: Path | None,
    id_column: str | None,
    sequence_column: str | None,
    on_error: Literal["stop", "skip"],
    rejects: Path | None,
) -> None:
    """Predict how strongly every sequence of INPUT drives expression in each cell type, and why.

    \b
    Columns:
      id, cell_type
      activity      log2(RNA/DNA) of the reporter assay
      lower, upper  90 % interval (-inf, inf with the flag no_interval; wider with out_of_domain)
      percentile    among natural elements, 0-100: half of the odds lie below
      level         most probable quartile of natural enhancers, 0 (weakest) to 3
      flags         what is unusual about the row: padded, tiled:N, window:S-E, ambiguous:N, ...
      start, end    the stretch of the input that the row describes, 1-based, inclusive
      trace_verified  true: every claim and sum of its trace holds; empty without traces

    A sequence longer than the model's window (200 bp) is tiled by windows that overlap by half.
    --windows best reports in each cell type the one of the highest expected activity, of those
    that are mostly known bases; --windows all reports every one with at least 20 known bases, one
    row a window and cell type. Positions in traces are those of the input.

    The activity is what the trace's ledger adds up to: backdrop, sites, interplay, rest. A trace is reported only if
    every claim and sum of it holds. One that does not is written again, twice at most; after that the card's own ledger
    is told in its place (flag grounded_trace). How often, is said at the end.

    What is unlike the elements that the model learnt from has the flag out_of_domain; how far it lies, is told as
    domain_percentile in JSONL and Parquet.

    JSONL and Parquet add level_probabilities, card_hash, trace (steps, level, text), ledger (its figures), verification
    (every claim of the trace against the card) and provenance (what made the prediction). With --no-trace there is
    no card, and nobody looks whether there is a motif (flag no_motif).

    --report FILE makes a page of the first 10,000 predictions: an overview, and of every sequence its sites along the
    bases, what each base adds (of the first 300 windows; half a second each), ledger and trace. `cistrace report`
    makes one of stored predictions.

    --bigwig PREFIX draws the activities of a BED file's regions along the genome: a base has the mean of the windows
    that cover it. Regions need not be sorted; --windows all draws every window of long ones.

    With -o FILE, what is finished is kept in FILE.partial until FILE is whole; after an interruption --resume goes on
    from there, and FILE becomes the same as without one.

    \b
    Examples:
      cistrace predict examples/enhancers.fa --cell-type K562
      cistrace predict library.csv --sequence-column seq --no-trace -o activities.parquet
      cistrace predict examples/enhancers.fa --report enhancers.html
      cistrace predict peaks.bed --genome hg38.fa --on-error skip -o peaks.jsonl.gz --resume
      cistrace predict tiles.bed --genome hg38.fa --no-trace --bigwig tiles -o tiles.parquet
    """
    target = output_path(output)
    if target is not None:
        check_prediction_ending(target)
    if bigwig is not None:
        check_tracks(bigwig, genome, shard is not None)
    main = target or report or (None if bigwig is None else bigwig_main(bigwig))
    reading = Reading(source, genome, id_column, sequence_column, on_error, rejects, main, shard)
    reading.check(expression)
    beside = (target, source, genome, expression, reading.rejects_path)
    check_page(report, beside)
    check_resume(main, resume)
    records = Records(reading, MINIMUM_KNOWN)

    from cistrace.cards.expression import read_expressed

    expressed = None if expression is None else read_expressed(expression)
    with open_engine(engine_name, address, threads) as engine, Progress("sequences", reading.count()) as progress:
        place = engine.place(device)
        stage = PredictionStage(
            model, engine.threads, place, expressed, cell_types, trace, windows, progress.within
        )  # fmt: skip
        predictor = engine.opened(stage)
        for fault in predictor.checkpoint.faults:
            click.echo(f"{model or 'the shipped model'}: not fit for use: {fault}", err=True)
        cells = canonical_cell_types(cell_types, predictor.cell_types)
        predictor.readout(trace)
        computing = place or predictor.checkpoint.place
        say_device(computing, engine)
        page = None if report is None else Page(report, source, predictor.checkpoint)
        asked = _Asked(engine, stage, computing, cells, progress, page)
        if report is None and bigwig is None and to_terminal(target):
            _show(asked, records)
            records.finish()
            asked.say_writers()
            return
        of = {"command": "predict", "shard": shard and str(shard), **asked.settings(predictor.checkpoint.hash)}
        with (
            keeping(main, of, resume) as keep,
            placed_together(),
            nullcontext() if output is None and (report or bigwig) else prediction_output(target) as write,
            nullcontext() if page is None else page as add,
            nullcontext() if bigwig is None or genome is None else open_tracks(bigwig, genome, cells, beside) as draw,
        ):
            for block, rows in keep(blocks(records, BLOCK), asked.rows, progress, lambda one: one):
                of_id = {sequence.id: sequence for sequence in block}
                for row in rows:
                    if draw is not None:
                        draw(row, of_id[row["id"]])
                    if add is not None:
                        add(row.pop(VIEW), row["provenance"])
                    if write is not None:
                        write(row)
                    asked.count((row["trace"] or {}).get("written_by"))
            records.finish()
        asked.say_writers()


@dataclass(frozen=True)
class _Asked:
    """What is predicted of every sequence, and where."""

    engine: Engine
    stage: PredictionStage
    device: str
    cells: tuple[str, ...]
    progress: Progress
    page: Page | None
    writers: Counter[str] = field(default_factory=Counter)

    def rows(self, several: Iterator[list[DnaSequence]]) -> Iterator[tuple[list[DnaSequence], Iterable[Any]]]:
        """Blocks with their rows; for a page each with what is drawn of it, under `VIEW`."""
        page = self.page
        if page is None:
            return self.engine.map(RowStage(self.stage), several)
        return ((block, page.rows(found, block)) for block, found in self.engine.map(self.stage, several))

    def count(self, written_by: str | None) -> None:
        """Count a trace, of an earlier run that goes on too, by who wrote it; None is a row without one."""
        if written_by is not None:
            self.writers[written_by] += 1

    def say_writers(self) -> None:
        """Say who wrote the traces."""
        if number := self.writers.total():
            counts = ", ".join(f"{count:,} by the {name}" for name, count in self.writers.most_common())
            click.echo(f"cistrace: {number:,} trace{'' if number == 1 else 's'}: {counts}", err=True)

    def settings(self, model: str) -> dict[str, Any]:
        """All that rows depend on beside the sequences, as JSON types; `model` is its hash."""
        stage = self.stage
        return {
            "version": __version__,
            "model": model,
            "device": self.device,
            "cell types": list(self.cells),
            "traces": stage.trace,
            "windows": stage.windows,
            "report": self.page is not None,
            "block": BLOCK,
            "expressed": None if stage.expressed is None else sorted(stage.expressed),
        }


def _show(asked: _Asked, records: Records) -> None:
    """Print tables and traces, some sequences together, so that memory stays bounded and nobody waits long."""
    from rich.console import Console

    from cistrace.predictions.show import show_predictions

    console = Console()
    few = blocks(records, max(1, SHOWN_TOGETHER // len(asked.cells)))
    for block, predictions in asked.engine.map(asked.stage, few):
        found = list(predictions)
        for one in found:
            asked.count(one.written_by)
        asked.progress.advance(len(block))
        with asked.progress.aside():
            show_predictions(found, console)
