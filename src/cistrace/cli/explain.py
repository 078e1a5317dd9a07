"""`cistrace explain`: what every base does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cistrace.cards.windows import MINIMUM_KNOWN
from cistrace.cli.extras import need_plots
from cistrace.cli.progress import Progress
from cistrace.cli.reading import Reading, Records, cell_type_option, model_option, reading_options, threads_option
from cistrace.explain.table import check_ending, effects_output
from cistrace.io.count import count_records
from cistrace.io.files import output_path, whole_folder
from cistrace.io.terminal import one_line

if TYPE_CHECKING:
    from cistrace.explain.base_effects import BaseEffects

CHECKS_SHOWN = 12  # lines about single windows; of more only the worst is told


@click.command(short_help="What every base adds, and what another in its place would change.")
@click.argument("source", metavar="INPUT")
@cell_type_option
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Table to write; its ending decides: .tsv, .csv (these also .gz), or .npz for arrays."
    " [default: TSV to standard output]",
)
@model_option
@click.option(
    "--plot",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder for pictures, one a sequence and cell type: a logo of what each base adds, over a map of the changes.",
)
@click.option(
    "--plot-format", type=click.Choice(["png", "svg"]), default="png", show_default=True, help="Of the pictures."
)
@threads_option
@reading_options
def explain(
    source: str,
    cell_types: tuple[str, ...],
    output: str | None,
    model: Path | None,
    folder: Path | None,
    plot_format: Literal["png", "svg"],
    threads: int | None,
    genome: Path | None,
    id_column: str | None,
    sequence_column: str | None,
    on_error: Literal["stop", "skip"],
    rejects: Path | None,
) -> None:
    """Tell what every base of every sequence of INPUT does to the activity of each cell type.

    Every base gives way to the three others, one at a time (saturation mutagenesis in silico), and what each base adds
    is attributed by integrated gradients, from a window without any base on.

    \b
    Columns, a row a substitution:
      id, cell_type
      position      of the base, 1-based
      ref, alt      the base, and the one in its place; alt is empty where ref is no A, C, G or T
      change        by how much the activity changes, log2(RNA/DNA)
      contribution  what the base adds, the same in all rows of a position
      window_start, window_end  what the model read, 1-based, inclusive

    A sequence longer than the model's window (200 bp) is read in windows that overlap by half, each base in the window
    in whose middle it lies most nearly. The contributions of all bases of a window, and the activity without any base,
    add up to its activity; how nearly, is said at the end.

    \b
    Examples:
      cistrace explain enhancers.fa --cell-type K562 -o bases.tsv --plot pictures
      cistrace explain peaks.bed --genome hg38.fa -o bases.npz
    """
    target = output_path(output)
    if target is not None:
        check_ending(target)
    if folder is not None:
        need_plots("explain --plot")
    reading = Reading(source, genome, id_column, sequence_column, on_error, rejects, target)
    reading.check()
    records = Records(reading, MINIMUM_KNOWN)

    from cistrace.explain.explainer import Explainer

    checks = _Checks()
    with (
        Progress("sequences", count_records(source)) as progress,
        effects_output(target) as write,
        _pictures(folder, plot_format) as draw,
    ):
        explainer = Explainer(None, cell_types, model=model, threads=threads)
        for found in progress.track(explainer.stream_bases(records)):
            write(found)
            draw(found)
            checks.add(found)
        records.finish()
    checks.say()


@contextmanager
def _pictures(folder: Path | None, plot_format: Literal["png", "svg"]) -> Iterator[Callable[[BaseEffects], object]]:
    """What draws a sequence; pictures stand in the folder when all are drawn, beside whatever else is there."""
    if folder is None:
        yield lambda found: None
        return

    from cistrace.explain.figures import draw_effects

    numbers = count(1)
    with whole_folder(folder) as part:
        yield lambda found: draw_effects(found, part, next(numbers), plot_format)


class _Checks:
    """Whether contributions add up: of the first windows by themselves, and the worst of all."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._number, self._worst = 0, 0.0

    def add(self, found: BaseEffects) -> None:
        """Check the windows of a sequence."""
        for one in found.windows:
            if one.blank is None or one.contributed is None or one.lost is None:
                continue
            for column, cell in enumerate(found.cell_types):
                self._number += 1
                self._worst = max(self._worst, abs(float(one.lost[column])))
                if len(self._lines) <= CHECKS_SHOWN:
                    self._lines.append(
                        f"{one_line(found.sequence.id)} {one.start + 1}-{one.end} in {cell}: no base "
                        f"{one.blank[column]:+.3f}, contributions {one.contributed[column]:+.3f}; activity "
                        f"{one.activity[column]:+.3f}, lost {one.lost[column]:+.3f}"
                    )

    def say(self) -> None:
        """One line a window and cell type where they are few, and one for all."""
        if len(self._lines) <= CHECKS_SHOWN:
            for line in self._lines:
                click.echo(f"cistrace: {line}", err=True)
        within = f"within {self._worst:.3f} in all of {self._number:,} windows and cell types"
        click.echo(f"cistrace: contributions add up to the activity {within}", err=True)
