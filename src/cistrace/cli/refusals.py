"""Records that a command cannot use: told in one line each while the others are worked on, counted at the end."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import click

from cistrace.errors import RecordError
from cistrace.io.terminal import one_line, printable

SHOWN = 20  # refused records that are told on stderr where a file holds them all


class Refusals:
    """Takes records that cannot be used.

    Parameters
    ----------
    on_error : `stop` or `skip`
    rejects : Path or None
        As `--rejects` names it.
    output : Path or None
        The output file, beside which the rejects go unless told otherwise.
    """

    def __init__(self, on_error: Literal["stop", "skip"], rejects: Path | None, output: Path | None) -> None:
        from cistrace.io.rejects import Rejects

        if rejects is not None and on_error != "skip":
            raise click.UsageError("--rejects needs --on-error skip")
        self._stop, self._asked = on_error == "stop", rejects is not None
        beside = None if output is None else output.with_name(f"{output.name}.rejects.tsv")
        self.path = rejects or (None if self._stop else beside)
        self._refused = Rejects()

    def take(self, reject: Any) -> None:
        """Tell of a record, or stop at it."""
        if self._stop:
            raise RecordError(reject.record, reject.reason, f"line {reject.number}")
        self._refused.append(reject)
        if self.path is None or len(self._refused) <= SHOWN:
            self.note(f"refused {reject.record!r}, line {reject.number}: {reject.reason}")

    def note(self, sentence: str) -> None:
        """Tell what is wrong and loses no record."""
        click.echo(f"cistrace: {one_line(sentence)}", err=True)

    def finish(self) -> None:
        """Write the rejects, and say how many there are."""
        from cistrace.io.rejects import write_rejects

        count = sum(1 for _ in groupby(self._refused, lambda one: one.number))  # of one record, several alleles may be
        if self.path is not None and (count or self._asked or self.path.exists()):
            write_rejects(self._refused, self.path)
        if count:
            where = f"; see {printable(str(self.path))}" if self.path is not None else ""
            click.echo(f"cistrace: {count:,} record{'' if count == 1 else 's'} refused{where}", err=True)
