"""`cistrace report`: a page of predictions that were made before."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cistrace.cli.page import say_left_out
from cistrace.cli.progress import Progress
from cistrace.cli.reading import threads_option
from cistrace.engines.workers import blocks
from cistrace.errors import InputError, OutputError
from cistrace.io.files import check_output
from cistrace.io.streams import STDIN, input_name, shown
from cistrace.io.terminal import printable

if TYPE_CHECKING:
    from cistrace.checkpoints.schema import CellScale
    from cistrace.report.cells import BaseModel

BLOCK = 96  # predictions that are worked on together


@click.command(short_help="A page of stored predictions.")
@click.argument("predictions", metavar="PREDICTIONS")
@click.option(
    "--sequences",
    "sequences",
    multiple=True,
    metavar="FILE",
    help="The sequences that were predicted, in any format that `predict` reads but BED: their bases are drawn too. "
    "May be given more than once.",
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE", help="Page to write: .html."
)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The model that predicted, for the distribution of natural elements and what bases add. [default: the shipped "
    "one]",
)
@click.option(
    "--contributions/--no-contributions",
    default=False,
    help="With --sequences: ask the model what each base adds, half a second a sequence. [default: --no-contributions]",
)
@threads_option
def report(
    predictions: str,
    sequences: tuple[str, ...],
    output: Path,
    model: Path | None,
    contributions: bool,
    threads: int | None,
) -> None:
    """Make a page of PREDICTIONS: JSONL (plain or gzip) or Parquet of `cistrace predict`.

    The page is one HTML file that holds all it shows and opens from disk: an overview to sort and filter, and of every
    sequence its activity and interval on the distribution of natural elements, its sites, the ledger and the trace with
    its marks of verification. Pointing at a step lights its sites, pointing at a site its steps.

    Stored predictions hold the sites that their traces tell. `cistrace predict ... --report FILE` makes the page while
    it predicts, with all sites of the cards, bases and what each of them adds.

    \b
    Examples:
      cistrace report predictions.jsonl.gz -o page.html
      cistrace report predictions.parquet --sequences enhancers.fa --contributions -o page.html
    """
    from cistrace.report.page import check_report_ending, report_output
    from cistrace.report.stored import read_rows

    if contributions and not sequences:
        raise click.UsageError("--contributions needs --sequences")

    check_report_ending(output)
    check_output(output)
    for path in (predictions, *sequences):
        if path != STDIN and os.path.realpath(path) == os.path.realpath(output):
            raise OutputError(f"{shown(output)}: is also the input; expected a file of its own; choose another path")
    rows = _of_one_model(read_rows(predictions), input_name(predictions))
    first = next(rows, None)
    if first is None:
        raise InputError(f"{input_name(predictions)}: holds no predictions; expected some; check how it was made")

    from cistrace.io.sequences import read_sequences
    from cistrace.report.cells import cell_views
    from cistrace.report.scales import scale_views

    scales = _scales(model, first["provenance"]["checkpoint"])
    bases = {one.id: one.bases for path in sequences for one in read_sequences(path)}
    asked = _base_model(model, threads) if bases and contributions and scales else None
    without = left_out = 0
    title = "predictions" if predictions == STDIN else Path(predictions).name
    with report_output(output, title, scale_views(scales)) as add, Progress("predictions") as progress:
        for block in blocks(chain((first,), rows), BLOCK):
            for row, view in zip(block, cell_views(block, bases, asked), strict=True):
                without += bool(bases) and view["bases"] is None
                left_out += not add(view, row["provenance"])
            progress.advance(len(block))
    if without:
        _say(f"{without:,} prediction{'' if without == 1 else 's'} without bases: --sequences hold none of that id")
    say_left_out(left_out)


def _say(text: str) -> None:
    click.echo(printable(f"cistrace: {text}"), err=True)


def _of_one_model(rows: Iterable[dict[str, Any]], name: str) -> Iterator[dict[str, Any]]:
    """Pass rows on; a page has one scale a cell type, which is a model's."""
    first = None
    for row in rows:
        checkpoint = row["provenance"].get("checkpoint")
        first = first or checkpoint
        if checkpoint is None or checkpoint != first:
            raise InputError(
                f"{name}: holds predictions of checkpoints {first} and {checkpoint}; expected those of one; make a "
                "page of each"
            )
        yield row


def _scales(model: Path | None, made_by: str) -> dict[str, CellScale]:
    """The scales of the model that predicted; none where it is another than the one at hand."""
    from cistrace.checkpoints.schema import CONFIG, model_folder, read_config
    from cistrace.io.hashes import file_hash

    folder = model_folder(model)
    config = read_config(folder)
    found = file_hash(folder / CONFIG)[:16]
    if found == made_by:
        return config.scales
    name = "the shipped model" if model is None else shown(model)
    if model is not None:
        raise InputError(f"--model {name}: is checkpoint {found}, expected {made_by}, which predicted; name that one")
    _say(
        f"made by checkpoint {made_by}, and {name} is {found}: without the distribution of natural elements and what "
        "bases add; name the model with --model"
    )
    return {}


def _base_model(model: Path | None, threads: int | None) -> BaseModel | None:
    """What the model's towers say of bases; None without towers."""
    from cistrace.checkpoints.load import load_checkpoint
    from cistrace.engines.cores import use_threads
    from cistrace.report.cells import BaseModel

    use_threads(threads)
    checkpoint = load_checkpoint(model)
    return None if checkpoint.towers is None else BaseModel(checkpoint.towers.contributions, checkpoint.cell_types)
