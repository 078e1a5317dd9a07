"""Options of `reasonbench build`, by what they are about, and how their texts are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from cistrace.cards.evidence import EvidenceKind
from cistrace.io.terminal import printable

_Command = TypeVar("_Command", bound=Callable[..., Any])

_TABLE = (
    click.option(
        "--format",
        "table_format",
        type=click.Choice(["table", "joint-lentimpra", "gosai", "reglm", "lentimpra"]),
        default="table",
        show_default=True,
        help="table: any with a header; the others are published: the joint lentiMPRA supplement (Agarwal et al. "
        "2025), Gosai et al. 2024 table S2, regLM's CSV, lentiMPRA TSV.",
    ),
    click.option(
        "--elements",
        type=click.Path(path_type=Path),
        metavar="FASTA",
        help="Bases of the elements, where the table has names alone (joint-lentimpra).",
    ),
    click.option(
        "--cell-type",
        "cell_types",
        multiple=True,
        metavar="NAME[=COLUMN]",
        help="Cell type to build, of any name, and its activity column where that is called otherwise; may be given "
        "more than once. [default: all that a published format has]",
    ),
    click.option("--sequence-column", metavar="NAME", help="Column of the bases. [default: sequence, seq or bases]"),
    click.option("--id-column", metavar="NAME", help="Column of the ids. [default: id, name, ...]"),
    click.option("--chromosome-column", metavar="NAME", help="[default: chromosome, chrom or chr]"),
    click.option("--split-column", metavar="NAME", help="Column of the splits. [default: split, ...]"),
    click.option("--category-column", metavar="NAME", help="Column of the categories. [default: category]"),
    click.option(
        "--level-column", "level_columns", multiple=True, metavar="[CELL=]NAME", help="Column of observed levels 0-3."
    ),
    click.option("--sheet", metavar="NAME", help="Sheet of an XLSX file. [default: the first]"),
    click.option("--length", type=click.IntRange(min=20), metavar="N", help="Take sequences of N bp alone."),
    click.option(
        "--largest-error",
        type=click.FloatRange(min=0, min_open=True),
        default=1.0,
        show_default=True,
        metavar="SE",
        help="Format gosai: measurements from this standard error on are excluded.",
    ),
)
_SPLIT = (
    click.option(
        "--split",
        type=click.Choice(["chromosome", "column", "homology"]),
        default=None,
        help="chromosome: --val and --test name theirs; column: as the split column says; homology: sequences that "
        "share --shared-bases stay together, --val and --test are shares. [default: column where --split-column is "
        "given, or where the table has one and no chromosomes are named, else chromosome]",
    ),
    click.option("--val", default="", metavar="CHR,..|SHARE", help="Chromosomes of val, or its share of the rows."),
    click.option("--test", default="", metavar="CHR,..|SHARE", help="Chromosomes of test, or its share of the rows."),
    click.option(
        "--shared-bases", type=click.IntRange(8, 64), default=40, show_default=True, metavar="K",
        help="Split by homology: sequences that share K bases, on either strand, are related.",
    ),
    click.option(
        "--leak-bases", type=click.IntRange(8, 64), default=40, show_default=True, metavar="K",
        help="Count rows of one split that share K bases, on either strand, with another.",
    ),
)  # fmt: skip
_CHAT = (
    click.option("--base-url", metavar="URL", help="OpenAI-compatible endpoint, such as http://127.0.0.1:8000/v1."),
    click.option("--model", metavar="NAME", help="Model to ask there."),
    click.option("--temperature", type=click.FloatRange(0, 2), metavar="T", default=0.95, show_default=True),
    click.option("--top-p", type=click.FloatRange(0, 1, min_open=True), metavar="P", default=0.7, show_default=True),
    click.option(
        "--max-tokens", type=click.IntRange(min=1), metavar="N", default=1024, show_default=True, help="Of one answer."
    ),
    click.option(
        "--concurrency",
        type=click.IntRange(min=1),
        metavar="N",
        default=8,
        show_default=True,
        help="Requests at a time.",
    ),
    click.option(
        "--timeout", type=click.FloatRange(min=0, min_open=True), default=120.0, show_default=True, metavar="SECONDS"
    ),
    click.option("--requests-per-minute", type=click.FloatRange(min=0, min_open=True), metavar="N"),
    click.option("--token-budget", type=click.IntRange(min=1), metavar="N", help="Stop before more are paid for."),
    click.option(
        "--attempts",
        type=click.IntRange(min=1),
        metavar="N",
        default=6,
        show_default=True,
        help="Tries of one request.",
    ),
    click.option(
        "--key-variable",
        default="OPENAI_API_KEY",
        show_default=True,
        metavar="NAME",
        help="Environment variable with the key; it is sent, and nowhere else written.",
    ),
    click.option(
        "--cache",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Answers paid for. [default: DIR/answers.sqlite]",
    ),
)


def _added(command: _Command, options: Sequence[Callable[[_Command], _Command]]) -> _Command:
    for option in reversed(options):
        command = option(command)
    return command


def table_options(command: _Command) -> _Command:
    """Add the options that say how a table is read."""
    return _added(command, _TABLE)


def split_options(command: _Command) -> _Command:
    """Add the options that say which rows train."""
    return _added(command, _SPLIT)


def chat_options(command: _Command) -> _Command:
    """Add the options of the chat teacher."""
    return _added(command, _CHAT)


def names(text: str) -> tuple[str, ...]:
    """`chr19, chr21` as names."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def level_cuts(text: str) -> tuple[str, Sequence[float] | Mapping[str, Sequence[float]]]:
    """The rule of levels and its cut points: `quantiles`, `column`, `1,2,3`, or `A=1,2,3;B=2,3,4`.

    Raises
    ------
    click.UsageError
        Neither.
    """
    if text in ("quantiles", "column"):
        return text, ()
    try:
        if "=" not in text:
            return "cuts", tuple(map(float, text.split(",")))
        parts = (part.split("=", 1) for part in text.split(";") if part.strip())
        return "cuts", {name.strip(): tuple(map(float, values.split(","))) for name, values in parts}
    except ValueError:
        raise click.UsageError(
            f"--levels {text!r}: expected quantiles, column, or cut points such as -0.5,0.1,0.9 or K562=-0.5,0.1,0.9"
        ) from None


def evidence_kind(evidence: str | None, towers: str | None) -> str:
    """What `--evidence` and `--towers` ask for together: an `EvidenceKind`, or a file of evidence.

    Raises
    ------
    click.UsageError
        They contradict each other, towers are named nowhere, or there is no such kind or file.
    """
    if evidence is None:
        return "associations" if towers is None else "towers"
    if evidence == "towers":
        if towers is None:
            raise click.UsageError("--evidence towers: whose? give --towers RUN, shipped or adapted")
    elif towers is not None:
        raise click.UsageError(f"--towers means --evidence towers, found {evidence}; leave one of the two out")
    elif evidence not in get_args(EvidenceKind) and not Path(evidence).exists():
        kinds = "associations, towers, none, or a file evidence.npz of an earlier build"
        raise click.UsageError(f"--evidence: found {evidence}, expected {kinds}")
    return evidence


def message(text: str) -> None:
    """A line on stderr."""
    click.echo(printable(f"cistrace: {text}"), err=True)
