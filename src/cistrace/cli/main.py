"""The command `cistrace`: a group of commands, and what becomes of their errors.

Exit codes: 0 done; 2 bad input, options or output, told in one message on stderr; 130 interrupted; 141 the reader of
a pipe went away; 143 terminated. Nothing heavy (torch, pyarrow, rich) is imported before a command needs it.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import IO, Any

import click

from cistrace.cli.card import card
from cistrace.cli.design import design
from cistrace.cli.evaluate import evaluate
from cistrace.cli.explain import explain
from cistrace.cli.export import export
from cistrace.cli.generate import generate
from cistrace.cli.judge import judge
from cistrace.cli.mcp import mcp
from cistrace.cli.predict import predict
from cistrace.cli.reasonbench import reasonbench
from cistrace.cli.report import report
from cistrace.cli.scan import scan
from cistrace.cli.serve import serve
from cistrace.cli.train import train
from cistrace.cli.variants import variants
from cistrace.errors import CistraceError, ConstraintError
from cistrace.io.terminal import printable
from cistrace.version import __version__

BAD_INPUT = 2
INTERRUPTED = 128 + signal.SIGINT
BROKEN_PIPE = 128 + 13  # SIGPIPE, which not every system names
TERMINATED = 128 + signal.SIGTERM


class _Fault(click.ClickException):
    """What a CistraceError says: one line on stderr, or one for each fault of constraints."""

    exit_code = BAD_INPUT

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(" ".join(line.split()) for line in lines))

    def show(self, file: IO[Any] | None = None) -> None:
        for line in self.message.split("\n"):
            click.echo(f"cistrace: {printable(line)}", err=True, file=file)


class _Group(click.Group):
    """Turns what commands raise into messages and exit codes. Commands have cleaned up by then."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            result = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
            return result
        except ConstraintError as error:
            raise _Fault(*error.lines) from error
        except CistraceError as error:
            raise _Fault(str(error)) from error
        except KeyboardInterrupt:
            click.echo("cistrace: interrupted", err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _discard_stdout()
            raise click.exceptions.Exit(BROKEN_PIPE) from None
        except OSError as error:  # a full disk, rights that are missing: whatever no stage could foresee
            where = f"{error.filename}: " if error.filename else ""
            told = f"{where}{error.strerror or error}; expected room and rights; mend that and run again"
            raise _Fault(told) from error


def _discard_stdout() -> None:
    """Keep the interpreter from complaining, when it ends, about text nobody reads."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="cistrace")
def cli() -> None:
    """Activity of regulatory DNA, predicted with reasons that can be checked.

    Input is FASTA, CSV, TSV or JSONL (plain or gzip), Parquet, or BED with --genome; - is standard
    input. Bad input gives one message on stderr and exit code 2, and leaves no output file.
    """


cli.add_command(scan)
cli.add_command(card)
cli.add_command(predict)
cli.add_command(explain)
cli.add_command(report)
cli.add_command(judge)
cli.add_command(variants)
cli.add_command(design)
cli.add_command(reasonbench)
cli.add_command(train)
cli.add_command(generate)
cli.add_command(export)
cli.add_command(evaluate)
cli.add_command(serve)
cli.add_command(mcp)


def _terminate(number: int, frame: FrameType | None) -> None:
    """Leave by an exception, so that unfinished files are removed."""
    raise SystemExit(TERMINATED)


def main() -> None:
    """Entry point of the console script."""
    for number in ("SIGTERM", "SIGHUP"):
        known = getattr(signal, number, None)  # there is no SIGHUP on Windows, and nohup ignores it
        if known is not None and signal.getsignal(known) is signal.SIG_DFL:
            signal.signal(known, _terminate)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # ids are any text, terminals are not
    try:
        cli(prog_name="cistrace")
    except OSError as error:  # the help's text, which no command writes
        _discard_stdout()
        click.echo(f"cistrace: standard output: {error.strerror or error}; expected room; mend that", err=True)
        sys.exit(BAD_INPUT)
