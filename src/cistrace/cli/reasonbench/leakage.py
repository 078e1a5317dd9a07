"""`cistrace reasonbench leakage`: how much of the observed level a trace, or its card, gives away."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import click

MOST = 8_000


@click.command(short_help="How well the level can be read out of traces and cards.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--most",
    type=click.IntRange(min=50),
    default=MOST,
    show_default=True,
    metavar="N",
    help="Sequences of each split to use, drawn by their ids.",
)
@click.option("--seed", type=int, metavar="N", default=0, show_default=True, help="Of the intervals.")
def leakage(folder: Path, most: int, seed: int) -> None:
    """Tell how well the observed level can be read out of the texts of the data set in DIR.

    A classifier of words and figures learns from the training split and is asked for the level of the test split (val
    where there is no test; without both, five-fold cross-validation of train). Compare three texts: the whole trace,
    the trace without its conclusion, the card. A trace that tells more than its card was written towards the label.

    \b
    Columns (TSV on standard output):
      cell_type, text, rows
      accuracy       share of levels named right
      low, high      its 95 % bootstrap interval
      commonest      accuracy of always naming the commonest level
    """
    from cistrace.reasonbench.leakage import load, measure

    train, held_out = load(folder, most)
    scores = measure(train, held_out, seed)
    first = next(scores)  # a fault of the data set comes before the header
    click.echo("cell_type\ttext\trows\taccuracy\tlow\thigh\tcommonest")
    for score in chain((first,), scores):
        click.echo(
            f"{score.cell_type}\t{score.text}\t{score.rows}\t{score.accuracy:.3f}\t{score.low:.3f}\t{score.high:.3f}"
            f"\t{score.commonest:.3f}"
        )
