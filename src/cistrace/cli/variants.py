"""`cistrace variants`: what variants do to activity, in every cell type, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from cistrace.cards.cell_types import canonical_cell_types
from cistrace.cli.engine import EngineName, device_option, engine_options, open_engine, say_device
from cistrace.cli.progress import Progress
from cistrace.cli.reading import (
    cell_type_option,
    check_paths,
    expression_option,
    model_option,
    shard_option,
    threads_option,
)
from cistrace.cli.refusals import Refusals
from cistrace.cli.resume import check_resume, keeping, resume_option
from cistrace.cli.stages import EffectStage
from cistrace.engines.workers import blocks
from cistrace.errors import InputError
from cistrace.io.count import RecordCount, count_records
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.files import output_path
from cistrace.io.shards import WHOLE, Shard, check_sharded
from cistrace.io.terminal import to_terminal
from cistrace.variants.table import check_effect_ending, effect_object, effect_output, is_vcf
from cistrace.version import __version__

if TYPE_CHECKING:
    from cistrace.engines.engine import Engine
    from cistrace.variants.windows import PlacedVariant

BLOCK = 256  # variants that are worked on, and kept for --resume, together
BLOCK_WITH_TRACES = 32
SHOWN_TOGETHER = 20  # variants of one table on a terminal


@click.command(short_help="What variants do to activity, and why.")
@click.argument("source", metavar="INPUT")
@click.option(
    "--genome",
    type=click.Path(path_type=Path),
    metavar="FASTA",
    help="Genome (plain or bgzip) that places are of. Pairs of sequences need none.",
)
@cell_type_option
@click.option(
    "--trace/--no-trace",
    default=True,
    help="Make both alleles' cards, what became of their sites, and the difference as a sum in words; or the numbers "
    "alone, many times as fast. [default: --trace]",
)
@click.option(
    "--shifts",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="N",
    help="Score in N windows, shifted evenly, and take the mean; 1: in the one in whose middle the variant stands.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="File to write; its ending decides: .vcf, .vcf.gz (bgzip, with an index), .tsv, .csv, .jsonl (these also .gz) "
    "or .parquet. [default: a table and traces in a terminal, TSV in a pipe]",
)
@model_option
@click.option(
    "--scale",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Scale of a model of your own, for intervals and percentiles (docs/variants.md). [default: the shipped one's]",
)
@resume_option
@expression_option
@threads_option
@engine_options
@device_option
@shard_option
@click.option(
    "--on-error",
    type=click.Choice(["stop", "skip"]),
    default="skip",
    show_default=True,
    help="What a record that cannot be used does: stop the run, or be told in one line and set aside.",
)
@click.option(
    "--rejects",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TSV for what is set aside. [default: OUTPUT.rejects.tsv, if there is any]",
)
def variants(
    source: str,
    genome: Path | None,
    cell_types: tuple[str, ...],
    trace: bool,
    shifts: int,
    output: str | None,
    model: Path | None,
    scale: Path | None,
    resume: bool,
    expression: Path | None,
    threads: int | None,
    engine_name: EngineName,
    address: str | None,
    device: str | None,
    shard: Shard | None,
    on_error: Literal["stop", "skip"],
    rejects: Path | None,
) -> None:
    """Predict what every variant of INPUT does to the activity of the sequence around it.

    INPUT is VCF (also gzip) or BCF; a table (CSV, TSV) with the columns chrom, pos, ref and alt, or with ref and alt
    holding two whole sequences each; or lines of chrom:pos:ref:alt. Positions are 1-based. A record has one row for
    every alternative allele and cell type.

    \b
    Columns:
      chrom, pos, id, ref, alt    as in the input
      cell_type
      ref_activity, alt_activity  log2(RNA/DNA) of the window with either allele
      difference                  alt_activity - ref_activity
      lower, upper                90 % interval of what models trained anew on the same measurements
                                  say; measured effects stray further (docs/variants.md)
      percentile                  random substitutions in natural elements that do less, 0-100
      flags                       padded, off_centre, ambiguous:N, out_of_domain (with
                                  either allele), no_interval, no_background
      sites                       motif sites lost, gained, weakened, strengthened; empty without traces
      trace_verified              true: every claim and sum holds; empty without traces

    Both alleles stand between the same flanks, the variant in the middle of the model's window (200 bp); a shorter
    allele is padded, and no sequence is tiled. The same change gives the same numbers however it is written.

    The trace tells the difference as a sum: what sites lost, gained or altered, the backdrop, and all the rest add to
    it. It is made from the two cards, without a language model, and checked before it is printed.

    Records that cannot be used (REF is not what the genome has, no such contig, symbolic alleles, ...) are told in one
    line each, their number at the end; the others are scored.

    \b
    Examples:
      cistrace variants my.vcf.gz --genome hg38.fa --cell-type HepG2
      cistrace variants my.vcf.gz --genome hg38.fa --no-trace -o scored.vcf.gz
      cistrace variants pairs.csv -o pairs.jsonl
    """
    target = output_path(output)
    if target is not None:
        check_effect_ending(target)
    refusals = Refusals(on_error, rejects, target)
    check_paths((source, genome, expression, scale), {"output": target, "rejects": refusals.path})
    check_resume(target, resume)
    if shard is not None:
        check_sharded(source)
    if is_vcf(target) and genome is None:
        raise InputError(f"{output}: a VCF needs contigs; expected --genome; give it, or choose another ending")

    from cistrace.cards.expression import read_expressed
    from cistrace.io.genome import open_genome
    from cistrace.variants.reading import VariantReader
    from cistrace.variants.records import count_variants

    expressed = None if expression is None else read_expressed(expression)
    with ExitStack() as stack:
        opened = None if genome is None else stack.enter_context(open_genome(genome))
        engine = stack.enter_context(open_engine(engine_name, address, threads))
        progress = stack.enter_context(Progress("variants", _about_how_many(source, shard)))
        place = engine.place(device)
        stage = EffectStage(model, engine.threads, place, expressed, cell_types, trace, shifts, scale)
        scorer = engine.opened(stage)
        for fault in scorer.checkpoint.faults:
            click.echo(f"{model or 'the shipped model'}: not fit for use: {fault}", err=True)
        cells = canonical_cell_types(cell_types, scorer.cell_types)
        say_device(place or "cpu", engine)
        reader = VariantReader(scorer.window, opened, shifts, refusals.take, refusals.note)
        placed = reader.file(source, WHOLE if shard is None else shard.stretch(count_variants(source)))
        if to_terminal(target):
            _show(engine, stage, placed, progress)
            refusals.finish()
            return
        of = {
            "command": "variants",
            "shard": shard and str(shard),
            "version": __version__,
            "model": scorer.checkpoint.hash,
            "device": place or "cpu",
            "scale": None if scorer.scale is None else scorer.scale.tower,
            "cell types": list(cells),
            "traces": trace,
            "shifts": shifts,
            "expressed": None if expressed is None else sorted(expressed),
        }
        contigs = {} if opened is None else opened.lengths

        def rows(several: Iterator[list[PlacedVariant]]) -> Iterator[tuple[list[PlacedVariant], Iterable[Any]]]:
            return ((block, map(effect_object, found)) for block, found in engine.map(stage, several))

        with keeping(target, of, resume) as keep, effect_output(target, contigs, cells) as write:
            several = blocks(placed, BLOCK_WITH_TRACES if trace else BLOCK)
            for _, of_block in keep(several, rows, progress, _as_sequence):
                for row in of_block:
                    write(row)
            refusals.finish()


def _about_how_many(source: str, shard: Shard | None) -> RecordCount | None:
    """Lines of a text file: headers count too, and a record of several alleles is one; None for BCF."""
    found = None if source.lower().endswith(".bcf") else count_records(source)
    return None if found is None else RecordCount(found.records // (1 if shard is None else shard.count), False)


def _as_sequence(one: PlacedVariant) -> DnaSequence:
    """What a journal knows a variant by: how it was stated, and all that is scored of it."""
    bases = "/".join(f"{window.start}:{window.ref}>{window.alt}" for window in one.windows)
    return DnaSequence(f"{one.variant.name}:{one.variant.id}", bases)


def _show(engine: Engine, stage: EffectStage, placed: Iterator[PlacedVariant], progress: Progress) -> None:
    """Print tables and traces, some variants together, so that memory stays bounded and nobody waits long."""
    from rich.console import Console

    from cistrace.variants.show import show_effects

    console = Console()
    for block, effects in engine.map(stage, blocks(placed, SHOWN_TOGETHER)):
        found = list(effects)
        progress.advance(len(block))
        with progress.aside():
            show_effects(found, console)
