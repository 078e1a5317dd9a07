"""`cistrace reasonbench review`: traces to a spreadsheet, a person's decisions back."""

from __future__ import annotations

from pathlib import Path

import click

from cistrace.mpra.loaded import SPLITS


@click.group(short_help="Traces as a spreadsheet for a person to judge, and back.")
def review() -> None:
    """Let a person accept, correct or reject traces, with name and reason."""


@review.command("export", short_help="Write traces to a spreadsheet.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="FILE", help=".csv, .tsv or .xlsx"
)
@click.option(
    "--n",
    "count",
    type=click.IntRange(min=1),
    metavar="N",
    default=100,
    show_default=True,
    help="Traces, drawn by the seed.",
)
@click.option("--split", type=click.Choice(SPLITS), default="train", show_default=True, help="Split to draw from.")
@click.option("--rejects", is_flag=True, help="Draw from what the gates rejected instead.")
@click.option("--seed", type=int, metavar="N", default=0, show_default=True, help="Of the draw.")
def review_export(folder: Path, output: Path, count: int, split: str, rejects: bool, seed: int) -> None:
    """Write traces of the data set in DIR to a spreadsheet.

    The person fills the columns decision (accept, correct, reject), reviewer and reason, and corrected_trace where the
    decision is correct. Rows without a decision are passed over at import.
    """
    from cistrace.io.files import check_output
    from cistrace.reasonbench.revise import drawn
    from cistrace.reasonbench.sheet import write_sheet

    check_output(output)
    written = write_sheet(drawn(folder, split, rejects, count, seed), output)
    click.echo(f"cistrace: {written:,} trace{'s' * (written != 1)} written to {output}", err=True)


@review.command("import", short_help="Take a filled spreadsheet's decisions.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("sheet", metavar="FILE", type=click.Path(path_type=Path))
def review_import(folder: Path, sheet: Path) -> None:
    """Take the decisions of a filled spreadsheet into the data set in DIR.

    All are checked first: a corrected trace must pass every gate against its card. Then they are kept in
    DIR/reviews.jsonl, which later builds honour, recorded in the manifest, and the data set's files written anew. What
    was taken before is passed over.
    """
    from cistrace.reasonbench.revise import revise

    taken = revise(folder, sheet)
    counts = ", ".join(f"{count:,} {decision}" for decision, count in taken.items()) or "none that is new"
    click.echo(f"cistrace: decisions taken: {counts}", err=True)
