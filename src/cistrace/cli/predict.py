"""`cistrace predict`: activity, interval, level and reasoning trace."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cistrace.cards.windows import MINIMUM_KNOWN, WindowChoice
from cistrace.cli.reading import Reading, Records, counted, reading_options, threads_option
from cistrace.cli.windows import windows_option
from cistrace.io.files import output_path
from cistrace.io.terminal import to_terminal
from cistrace.predictions.table import check_prediction_ending, prediction_output

if TYPE_CHECKING:
    from cistrace.predictions.prediction import Prediction

SHOWN_TOGETHER = 60  # rows of one table on a terminal


@click.command(short_help="Activity, interval, level and reasoning trace.")
@click.argument("source", metavar="INPUT")
@click.option(
    "--cell-type",
    "cell_types",
    multiple=True,
    default=("all",),
    metavar="NAME",
    help="A cell type of the model (HepG2, K562, WTC11 for the shipped one; any case), or all; may be given more than "
    "once. [default: all]",
)
@click.option(
    "--trace/--no-trace",
    default=True,
    help="Let the model write its reasons, or score from the card alone, several times as fast. [default: --trace]",
)
@windows_option
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Table to write; its ending decides: .tsv, .jsonl (both also .gz) or .parquet."
    " [default: a table and traces in a terminal, TSV in a pipe]",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Model to use: a folder of `cistrace export`, or a training run. [default: the shipped one]",
)
@threads_option
@reading_options
def predict(
    source: str,
    cell_types: tuple[str, ...],
    trace: bool,
    windows: WindowChoice,
    output: str | None,
    model: Path | None,
    threads: int | None,
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
      lower, upper  90 % interval
      percentile    share of natural elements that are weaker, 0-100
      level         quartile among natural enhancers, 0 (weakest) to 3
      flags         what is unusual about the row: padded, tiled:N, window:S-E, ambiguous:N, ...

    JSONL and Parquet add level_probabilities, card_hash, trace (steps, level, text), verification
    (every claim of the trace against the card) and provenance (what made the prediction).

    \b
    Examples:
      cistrace predict examples/enhancers.fa --cell-type K562
      cistrace predict library.csv --sequence-column seq --no-trace -o activities.parquet
      cistrace predict peaks.bed --genome hg38.fa --on-error skip -o peaks.jsonl.gz
    """
    target = output_path(output)
    if target is not None:
        check_prediction_ending(target)
    reading = Reading(source, genome, id_column, sequence_column, on_error, rejects, target)
    reading.check()
    records = Records(reading, MINIMUM_KNOWN)

    from cistrace.cards.cell_types import canonical_cell_types
    from cistrace.predict import Predictor

    predictor = Predictor(model, threads)
    cells = canonical_cell_types(cell_types, predictor.cell_types)
    predictions = predictor.stream(records, cells, trace, windows)
    if to_terminal(target):
        _show(predictions)
        records.finish()
        return
    with prediction_output(target) as write:
        for prediction in counted(predictions, "predictions", False):
            write(prediction)
        records.finish()


def _show(predictions: Iterator[Prediction]) -> None:
    """Print tables and traces, some rows together, so that memory stays bounded."""
    from rich.console import Console

    from cistrace.predictions.show import show_predictions

    console = Console()
    while block := list(islice(predictions, SHOWN_TOGETHER)):
        show_predictions(block, console)
