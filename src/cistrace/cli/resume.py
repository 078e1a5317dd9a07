"""`--resume`: a run that was interrupted goes on from the blocks of sequences that it had finished."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from cistrace.cli.progress import Progress
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.files import is_device
from cistrace.io.journal import Journal, check_no_journal
from cistrace.io.terminal import printable

_Item = TypeVar("_Item")
Blocks = Iterator[list[_Item]]
Made = Iterator[tuple[list[_Item], Iterable[Any]]]


class Keep(Protocol):
    """Blocks with their rows, to be taken whole: an earlier run's first, the others as they are made (then kept).

    `make` gives blocks with their rows, in order; `known_by` what an item is known by; all is counted as progress.
    """

    def __call__(
        self,
        blocks: Iterable[list[_Item]],
        make: Callable[[Blocks[_Item]], Made[_Item]],
        progress: Progress,
        known_by: Callable[[_Item], DnaSequence],
    ) -> Made[_Item]: ...


_Command = TypeVar("_Command", bound=Callable[..., Any])


def resume_option(command: _Command) -> _Command:
    """Add `--resume`."""
    option = click.option(
        "--resume", is_flag=True, help="Go on from what an interrupted run of the same kept in OUTPUT.partial."
    )
    return option(command)


def check_resume(output: Path | None, resume: bool) -> None:
    """Find out before any work that there is no place for a journal, or one that nobody asked for.

    Raises
    ------
    click.UsageError
        `--resume` without an output file.
    OutputError
        The output has a journal, and `--resume` was not given.
    """
    if resume and not _keeps(output):
        raise click.UsageError("--resume needs -o FILE, a file on disk")
    if output is not None and _keeps(output) and not resume:
        check_no_journal(output)


def _keeps(output: Path | None) -> bool:
    return output is not None and not is_device(output)


@contextmanager
def keeping(output: Path | None, of: dict[str, Any], resume: bool) -> Iterator[Keep]:
    """Give the function that passes rows on and keeps them in the output's journal, where it can have one.

    Parameters
    ----------
    of : dict of JSON types
        What the rows depend on beside the sequences.
    """
    if output is None or not _keeps(output):
        yield _counted
        return
    with Journal(output, of, resume) as journal:
        if journal.altered is not None:
            click.echo(printable(f"cistrace: {journal.altered}"), err=True)

        def keep(
            blocks: Iterable[list[_Item]],
            make: Callable[[Blocks[_Item]], Made[_Item]],
            progress: Progress,
            known_by: Callable[[_Item], DnaSequence],
        ) -> Made[_Item]:
            stream = iter(blocks)
            for block in stream:
                known = journal.known(list(map(known_by, block)))
                if known is None:
                    stream = chain((block,), stream)
                    break
                yield block, known
                progress.skip(len(block))
            for block, rows in make(stream):
                yield block, journal.add(list(map(known_by, block)), rows)
                progress.advance(len(block))

        try:
            yield keep
        except BaseException:
            if journal.kept:
                click.echo(
                    printable(
                        f"cistrace: {journal.kept:,} finished sequences are kept in {journal.path}; "
                        "run the same with --resume to go on from them"
                    ),
                    err=True,
                )
            raise


def _counted(
    blocks: Iterable[list[_Item]],
    make: Callable[[Blocks[_Item]], Made[_Item]],
    progress: Progress,
    known_by: Callable[[_Item], DnaSequence],
) -> Made[_Item]:
    for block, rows in make(iter(blocks)):
        yield block, rows
        progress.advance(len(block))
