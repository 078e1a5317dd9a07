"""`--bigwig` of `cistrace predict`: tracks that are drawn while it predicts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cistrace.cli.extras import need_tracks
from cistrace.cli.reading import check_paths
from cistrace.errors import OutputError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.files import check_output
from cistrace.io.terminal import printable

if TYPE_CHECKING:
    from cistrace.predictions.tracks import Draw


def track_prefix(_: click.Context, __: click.Parameter, text: str | None) -> Path | None:
    """The prefix of `--bigwig`, from its text; one that ends in a slash is a folder, which has to be there."""
    if text is None:
        return None
    if not text:
        raise click.BadParameter("found nothing, expected how the tracks' names begin, or a folder")
    if text.endswith(os.sep) and not os.path.isdir(text):
        raise OutputError(
            f"{printable(text)}: no such folder; make it, or leave the last {os.sep} away to begin names with it"
        )
    return Path(text)


def bigwig_main(prefix: Path) -> Path:
    """The path that names the journal and the rejects of a run that writes tracks alone."""
    return prefix / "tracks.bw" if prefix.is_dir() else prefix.with_name(f"{prefix.name}.bw")


def check_tracks(prefix: Path, genome: Path | None, parted: bool) -> None:
    """Find out before any work that tracks cannot be written.

    Raises
    ------
    click.UsageError
        There is no genome to draw along, or the input is `parted` into shards.
    RunError
        The extra `tracks` is not installed.
    OutputError
        The folder does not exist, or lies where you may not write.
    """
    if genome is None:
        raise click.UsageError("--bigwig needs --genome: a track lies along a genome")
    if parted:
        raise click.UsageError(
            "--bigwig with --shard: windows of two shards may share bases, so that their tracks do not make one; draw "
            "them in one run"
        )
    need_tracks("predict --bigwig")
    check_output(bigwig_main(prefix))


@contextmanager
def open_tracks(
    prefix: Path, genome: Path, cell_types: tuple[str, ...], others: Iterable[str | Path | None]
) -> Iterator[Draw]:
    """Give the function that adds a prediction to the tracks; `others` are files that are read or written beside them.

    Says on stderr, at the end, that there was nothing to draw.

    Raises
    ------
    OutputError
        A track that could not be written, or is one of the others.
    """
    from cistrace.io.genome import open_genome
    from cistrace.predictions.tracks import track_output, track_path

    check_paths(others, {f"track of {cell}": track_path(prefix, cell) for cell in cell_types})
    with open_genome(genome) as opened:
        lengths = opened.lengths
    drawn = False
    with track_output(prefix, lengths, cell_types) as draw:

        def noting(row: dict[str, Any], sequence: DnaSequence) -> None:
            nonlocal drawn
            drawn = True
            draw(row, sequence)

        yield noting
    if not drawn:
        click.echo("cistrace: no track was written: there was no region to predict", err=True)
