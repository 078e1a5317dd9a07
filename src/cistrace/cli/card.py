"""`cistrace card`: what a reasoner may cite about each sequence."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Literal, get_args

import click

from cistrace.cards.cell_types import canonical_cell_types
from cistrace.cards.evidence import PredictingEvidence
from cistrace.cards.windows import MINIMUM_KNOWN, WindowChoice
from cistrace.cli.engine import EngineName, device_option, engine_options, open_engine, say_device
from cistrace.cli.progress import Progress
from cistrace.cli.reading import Reading, Records, expression_option, reading_options, shard_option, threads_option
from cistrace.cli.resume import check_resume, keeping, resume_option
from cistrace.cli.stages import CardStage
from cistrace.cli.windows import windows_option
from cistrace.engines.workers import blocks
from cistrace.io.files import output_path, text_output
from cistrace.io.shards import Shard
from cistrace.io.terminal import to_terminal
from cistrace.version import __version__

BLOCK = 192  # sequences that are worked on, and kept for --resume, together


@click.command(short_help="What a reasoner may cite about each sequence.")
@click.argument("source", metavar="INPUT")
@click.option(
    "--cell-type",
    "cell_types",
    multiple=True,
    required=True,
    metavar="NAME",
    help="HepG2, K562, WTC11 (any case) or all; may be given more than once.",
)
@click.option(
    "--evidence",
    type=click.Choice(get_args(PredictingEvidence)),
    default="towers",
    show_default=True,
    help="towers: the sequence model's activity as a ledger, and known effects; none: the card of the R3LM paper.",
)
@click.option(
    "--format",
    "card_format",
    type=click.Choice(["text", "json", "sharegpt"]),
    default="text",
    show_default=True,
    help="Text to read, or JSON Lines for programs.",
)
@windows_option
@click.option("-o", "--output", metavar="FILE", help="File to write; .gz compresses. [default: standard output]")
@click.option(
    "--model", type=click.Path(path_type=Path), metavar="FOLDER", help="Model to use. [default: the shipped one]"
)
@resume_option
@expression_option
@threads_option
@engine_options
@device_option
@shard_option
@reading_options
def card(
    source: str,
    cell_types: tuple[str, ...],
    evidence: PredictingEvidence,
    card_format: Literal["text", "json", "sharegpt"],
    windows: WindowChoice,
    output: str | None,
    model: Path | None,
    resume: bool,
    expression: Path | None,
    threads: int | None,
    engine_name: EngineName,
    address: str | None,
    device: str | None,
    shard: Shard | None,
    genome: Path | None,
    id_column: str | None,
    sequence_column: str | None,
    on_error: Literal["stop", "skip"],
    rejects: Path | None,
) -> None:
    """Write the card of every sequence of INPUT in every cell type asked.

    A card holds the sites that motifs fit, composition, grammar tags, each TF's known effect, and the
    sequence model's activity as a ledger of what every site is worth; without evidence motif hits
    (of overlapping ones of a family the best) and tags alone. A sequence longer than 200 bp is
    tiled: the card is of the window with the highest expected activity in the cell type, or with
    --windows all one card a window. Without evidence nothing ranks windows, and all have a card.
    Positions on a card are those of its window, which its first line or `window` places in the input.

    \b
    text      '=== ID [START-END] CELL (FLAGS)' (1-based, inclusive), the card, a blank line; what lies
              between two such lines reads back with cistrace.cards.text.parse_card
    json      one object a line: id, window (0-based, half-open), flags, hash, card
    sharegpt  one object a line: id, window, cell_type, flags, messages (system, user) for chat models

    With -o FILE, what is finished is kept in FILE.partial until FILE is whole; after an interruption
    --resume goes on from there, and FILE becomes the same as without one.

    \b
    Examples:
      cistrace card enhancers.fa --cell-type K562
      cistrace card enhancers.fa --cell-type all --evidence none --format sharegpt -o cards.jsonl
    """
    target = output_path(output)
    reading = Reading(source, genome, id_column, sequence_column, on_error, rejects, target, shard)
    reading.check(expression)
    check_resume(target, resume)
    records = Records(reading, MINIMUM_KNOWN if evidence == "towers" else 0)

    from cistrace.cards.expression import read_expressed

    expressed = None if expression is None else read_expressed(expression)
    aside = to_terminal(target)
    with open_engine(engine_name, address, threads) as engine:
        place = engine.place(device)
        stage = CardStage(evidence, model, engine.threads, place, expressed, cell_types, windows, card_format)
        maker = engine.opened(stage)
        cells = canonical_cell_types(cell_types, maker.cell_types)
        if evidence == "towers":
            say_device(place or "cpu", engine)
        of = {
            "command": "card",
            "shard": shard and str(shard),
            "version": __version__,
            "model": stage.identity() if evidence == "towers" else None,
            "device": place or "cpu",
            "cell types": list(cells),
            "evidence": evidence,
            "windows": windows,
            "format": card_format,
            "block": BLOCK,
            "expressed": None if expressed is None else sorted(expressed),
        }
        with (
            maker.scanner,
            keeping(target, of, resume) as keep,
            text_output(target) as out,
            Progress("sequences", reading.count()) as progress,
        ):
            for _, texts in keep(blocks(records, BLOCK), partial(engine.map, stage), progress, lambda one: one):
                for text in texts:
                    with progress.aside() if aside else nullcontext():
                        out.write(text)
            records.finish()
