"""What the commands share: options of the input, rejects."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from cistrace.engines.cores import MOST_THREADS
from cistrace.errors import InputError, OutputError
from cistrace.io.count import RecordCount, count_records
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.files import check_output
from cistrace.io.shards import Shard, check_sharded
from cistrace.io.streams import STDIN, shown
from cistrace.io.terminal import printable

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--genome",
        type=click.Path(path_type=Path),
        metavar="FASTA",
        help="Genome (plain or bgzip) to cut the regions of a BED file from; INPUT is then BED.",
    ),
    click.option("--id-column", metavar="NAME", help="Column with the ids of a table. [default: id, name, ...]"),
    click.option(
        "--sequence-column", metavar="NAME", help="Column with the bases of a table. [default: sequence, seq or bases]"
    ),
    click.option(
        "--on-error",
        type=click.Choice(["stop", "skip"]),
        default="stop",
        show_default=True,
        help="What a record that cannot be used does: stop the run, or be set aside with its reason.",
    ),
    click.option(
        "--rejects",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="TSV for what skip sets aside. [default: OUTPUT.rejects.tsv, if there is any; without an output file,"
        " stderr]",
    ),
)


def reading_options(command: _Command) -> _Command:
    """Add the options from which a `Reading` is made."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def shard_option(command: _Command) -> _Command:
    """Add `--shard`."""
    option = click.option(
        "--shard",
        type=_ShardType(),
        metavar="I/N",
        help="The I-th of N stretches of the records (`generate`: of the examples) alone, from 1, for array jobs; they "
        "are counted first, so that an input is a file. The outputs of 1/N to N/N, one behind the other, are that of "
        "all records (docs/scale.md).",
    )
    return option(command)


class _ShardType(click.ParamType):  # type: ignore[type-arg]  # generic in recent releases alone
    name = "shard"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shard:
        try:
            return value if isinstance(value, Shard) else Shard.parse(value)
        except InputError as error:
            self.fail(str(error), param, ctx)


def expression_option(command: _Command) -> _Command:
    """Add `--expression`."""
    option = click.option(
        "--expression",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Table of the cell's expression (gene symbols and TPM): what is below 1 names no site.",
    )
    return option(command)


def cell_type_option(command: _Command) -> _Command:
    """Add `--cell-type`, all unless given."""
    option = click.option(
        "--cell-type",
        "cell_types",
        multiple=True,
        default=("all",),
        metavar="NAME",
        help="A cell type of the model (HepG2, K562, WTC11 for the shipped one; any case), or all; may be given more "
        "than once. [default: all]",
    )
    return option(command)


def model_option(command: _Command) -> _Command:
    """Add `--model`."""
    option = click.option(
        "--model",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Model to use: a folder of `cistrace export`, or a training run. [default: the shipped one]",
    )
    return option(command)


def threads_option(command: _Command) -> _Command:
    """Add `--threads`."""
    option = click.option(
        "--threads",
        type=click.IntRange(1, MOST_THREADS),
        metavar="N",
        help="Cores to use. [default: all that are allowed]",
    )
    return option(command)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a command reads its input, and where what it sets aside goes.

    Attributes
    ----------
    path : str
        `-` is standard input.
    output : Path or None
        Where the results go; None is standard output.
    """

    path: str
    genome: Path | None
    id_column: str | None
    sequence_column: str | None
    on_error: Literal["stop", "skip"]
    rejects: Path | None
    output: Path | None
    shard: Shard | None = None

    @property
    def rejects_path(self) -> Path | None:
        """Where rejects go; None is stderr."""
        if self.rejects is None and self.output is not None:
            return Path(f"{self.output}.rejects.tsv")
        return None if self.rejects == Path(STDIN) else self.rejects

    def count(self) -> RecordCount | None:
        """How many records are to be read, as far as that is known in a second or two."""
        found = count_records(self.path)
        if found is None or self.shard is None:
            return found
        stretch = self.shard.stretch(found.records)
        return RecordCount((found.records if stretch.stop is None else stretch.stop) - stretch.start, found.exact)

    def check(self, *others: str | Path | None) -> None:
        """Find faults of the output paths before any work. `others` are files that are read beside the input.

        Raises
        ------
        click.UsageError
            `--rejects` without `--on-error skip`.
        OutputError
            A file that could not be written, or one that is also read or written otherwise.
        """
        if self.rejects is not None and self.on_error != "skip":
            raise click.UsageError("--rejects needs --on-error skip")
        if self.shard is not None:
            check_sharded(self.path)
        check_paths(
            (self.path, self.genome, *others),
            {"output": self.output, "rejects": self.rejects_path if self.on_error == "skip" else None},
        )


def check_empty_folder(output: Path, going_on: bool = False) -> None:
    """Refuse a folder to write that is none, cannot be made, or holds something, unless an interrupted run goes on.

    Raises
    ------
    OutputError
        Saying which.
    """
    if output.exists() and not output.is_dir():
        raise OutputError(f"{shown(output)}: is a file; expected a folder to write; choose another path")
    if not going_on and output.is_dir() and any(output.iterdir()):
        raise OutputError(f"{shown(output)}: holds something already; expected an empty folder, or none; name another")
    parent = output.absolute().parent
    if not parent.is_dir():
        raise OutputError(
            f"{shown(output)}: its folder {shown(parent)} does not exist; make it, or choose another path"
        )


def check_paths(read: Iterable[str | Path | None], written: Mapping[str, Path | None]) -> None:
    """Find out before any work that a file cannot be written, or is read or written otherwise too.

    Parameters
    ----------
    read : iterable of str, Path or None
        Inputs; the index beside each counts too.
    written : mapping of str to Path or None
        Outputs, by what messages call them.

    Raises
    ------
    OutputError
        Such a file.
    """
    inputs = [str(path) for path in read if path is not None and str(path) != STDIN]
    used = {os.path.realpath(f"{path}{ending}"): "input" for path in inputs for ending in ("", ".fai")}
    for what, path in written.items():
        if path is None:
            continue
        check_output(path)
        real = os.path.realpath(path)
        if real in used:
            raise OutputError(f"{path}: is also the {used[real]}; expected a file of its own; choose another path")
        used[real] = what


class Records:
    """The sequences of a `Reading`, once through, and what was set aside on the way.

    Making one reads up to the first usable record, so that a file that cannot be read says so before a model loads.
    """

    def __init__(self, reading: Reading, minimum_known: int = 0) -> None:
        from cistrace.io.rejects import Rejects
        from cistrace.io.sequences import read_sequences

        self._reading = reading
        self.rejects = Rejects()
        stream = read_sequences(
            reading.path,
            genome=reading.genome,
            id_column=reading.id_column,
            sequence_column=reading.sequence_column,
            on_error=reading.on_error,
            rejects=self.rejects,
            minimum_known=minimum_known,
            shard=reading.shard,
        )
        first = next(stream, None)
        self._stream = iter(()) if first is None else chain((first,), stream)

    def __iter__(self) -> Iterator[DnaSequence]:
        return self._stream

    def finish(self) -> None:
        """Write what was set aside, and say how much it was.

        Where nothing was, a file is only written that was asked for by name, or in place of an earlier run's.
        """
        from cistrace.io.rejects import write_rejects

        if self._reading.on_error != "skip":
            return
        path = self._reading.rejects_path
        if not self.rejects and (path is None or (self._reading.rejects is None and not path.exists())):
            return
        if path is not None:
            write_rejects(self.rejects, path)
        else:
            for reject in self.rejects:
                click.echo(
                    printable(f"cistrace: skipped {reject.record!r}, {reject.number}: {reject.reason}"), err=True
                )
        where = f"; see {printable(str(path))}" if path is not None else ""
        count = len(self.rejects)
        click.echo(f"cistrace: {count:,} record{'' if count == 1 else 's'} skipped{where}", err=True)
