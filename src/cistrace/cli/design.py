"""`cistrace design`: search for sequences that are active where they are wanted, and not elsewhere."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cistrace.cli.extras import need_design
from cistrace.cli.reading import check_empty_folder, check_paths, model_option, threads_option
from cistrace.cli.search_view import SearchView
from cistrace.cli.steps import Steps
from cistrace.errors import InputError
from cistrace.io.files import whole_folder
from cistrace.io.journal import journal_path
from cistrace.io.streams import shown
from cistrace.io.terminal import printable

if TYPE_CHECKING:
    from cistrace.constraints.constraints import Constraints
    from cistrace.design.designer import Designer
    from cistrace.design.journal import SearchJournal
    from cistrace.io.dna_sequence import DnaSequence

MOST_DESIGNS, MOST_CALLS = 100_000, 100_000_000


@click.command(short_help="Search for sequences that are active in one cell type and not in others.")
@click.option("--target", required=True, metavar="NAME", help="Cell type in which designs are to be active.")
@click.option("--against", default="", metavar="NAMES", help="Cell types in which they are not, parted by commas.")
@click.option(
    "--n",
    "count",
    type=click.IntRange(1, MOST_DESIGNS),
    metavar="N",
    default=100,
    show_default=True,
    help="Designs wanted.",
)
@click.option("--length", type=int, metavar="BP", help="Of a design. [default: that of the start, or 200]")
@click.option(
    "--start", type=click.Path(path_type=Path), metavar="FILE", help="Sequences to begin with. [default: random ones]"
)
@click.option("--keep", metavar="REGIONS", help="Stretches that keep the start's bases: 1-20,181-200 (1-based).")
@click.option("--edits", type=click.IntRange(min=1), metavar="N", help="Most bases that differ from the start.")
@click.option(
    "--constraints",
    "constraints_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="YAML or JSON: GC, forbidden sites, motifs and more; see docs/design.md.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder to write.")
@click.option(
    "--objective",
    metavar="TEXT",
    help="activity, specificity, weighted, or arithmetic of cell types such as 'HepG2 - 0.5 * max(K562, WTC11)'."
    " [default: specificity, or activity without --against]",
)
@click.option(
    "--calls",
    type=click.IntRange(100, MOST_CALLS),
    metavar="N",
    help="Passes through the model at most. [default: 100 a design, at least 2,000]",
)
@click.option("--rounds", type=click.IntRange(min=1), metavar="N", help="Rounds at most. [default: as calls allow]")
@click.option(
    "--seed", type=click.IntRange(min=0), metavar="N", default=0, show_default=True, help="Equal seeds, equal designs."
)
@click.option(
    "--judge",
    "judge_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A judge of `cistrace train judge`. [default: the shipped one]",
)
@click.option(
    "--natural",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Natural elements: the nearest to each design is sought, and their motifs stand beside the designs'.",
)
@click.option("--trace/--no-trace", default=True, show_default=True, help="Tell traces, and ask the judge about them.")
@click.option("--resume", is_flag=True, help="Go on from what an interrupted search has kept.")
@model_option
@threads_option
def design(
    target: str,
    against: str,
    count: int,
    length: int | None,
    start: Path | None,
    keep: str | None,
    edits: int | None,
    constraints_file: Path | None,
    output: Path,
    objective: str | None,
    calls: int | None,
    rounds: int | None,
    seed: int,
    judge_file: Path | None,
    natural: Path | None,
    trace: bool,
    resume: bool,
    model: Path | None,
    threads: int | None,
) -> None:
    """Search for DNA that is active in one cell type and not in others, within constraints.

    The search recombines and mutates the best sequences so far, follows the gradient of the model, and puts in whole
    sites of TFs that go with what is wanted, at the gaps of natural enhancers. No sequence that breaks a constraint is
    ever scored. Designs are judged afterwards by a model that the search never asked.

    \b
    DIR holds, when all is done:
      designs.fasta   the designs, the best first
      designs.tsv     a row a design: reward, its components, activities, what the judge says, where it came from
      report.html     a page of all this, with traces before and after

    \b
    Examples:
      cistrace design --target HepG2 --against K562,WTC11 --n 20 -o designs
      cistrace design --target K562 --start enhancer.fa --keep 1-20 --edits 15 --constraints lab.yaml -o designs
    """
    need_design("design")
    check_empty_folder(output, going_on=resume and os.path.lexists(journal_path(output)))
    check_paths([start, constraints_file, judge_file, natural], {})
    constraints = _constraints(constraints_file, keep, edits)
    starts = _starts(start)

    from cistrace.design.designer import Designer, settings_for, with_site_limit
    from cistrace.design.journal import SearchJournal
    from cistrace.design.judge import judge_for
    from cistrace.design.natural import read_natural
    from cistrace.design.outcome import judge_designs
    from cistrace.design.outputs import FILES, write_outputs
    from cistrace.design.summary import summary_lines
    from cistrace.predict import Predictor
    from cistrace.reward.reward import Reward

    off_targets = [name for name in against.split(",") if name.strip()]
    reward = Reward(target, off_targets, objective, model=model, threads=threads)
    bp = length or (len(starts[0].bases) if starts else reward.window)
    constraints = with_site_limit(constraints, starts)
    settings = settings_for(constraints, count, bp, calls, rounds, seed, bool(starts))
    designer = Designer(reward, constraints, settings, starts)
    judge = judge_for(judge_file, [*reward.objective.cell_types, *filter(None, [reward.target]), *reward.against], bp)
    elements = None if natural is None else read_natural(natural)
    with SearchJournal(output, designer.of, resume) as journal:
        if journal.altered is not None:
            click.echo(printable(f"cistrace: {journal.altered}"), err=True)
        for kept in journal.kept:
            designer.search.take(kept)
        _run(designer, journal)
        designs = designer.designs()
        if len(designs) < count:
            click.echo(
                f"cistrace: found {len(designs):,} of {count:,} designs at least {settings.apart} edits apart; "
                "ask for fewer, allow more calls, or less distance",
                err=True,
            )
        with Steps() as say:
            predictor = Predictor(model, threads)
            report = judge_designs(
                designs, reward.objective, predictor, judge, reward.target, reward.against, elements, trace, say
            )
        with whole_folder(output, FILES) as part:
            write_outputs(report, predictor, f"designs for {target}", part)
    for line in summary_lines(report):
        click.echo(printable(f"cistrace: {line}"), err=True)


def _run(designer: Designer, journal: SearchJournal) -> None:
    """Make the rounds that are left, and keep each."""
    with SearchView(designer.search) as view:
        if journal.kept:
            view.update()
        while not designer.search.done:
            journal.add(designer.search.step())
            view.update()


def _constraints(path: Path | None, keep: str | None, edits: int | None) -> Constraints:
    """What the file asks, and the options beside it."""
    from cistrace.constraints.constraints import Constraints
    from cistrace.constraints.file import parse_regions, read_constraints, with_regions

    found = Constraints() if path is None else read_constraints(path)
    if keep is not None:
        found = with_regions(found, parse_regions(keep))
    return found if edits is None else replace(found, maximum_edits=edits)


def _starts(path: Path | None) -> tuple[DnaSequence, ...]:
    """The sequences to begin with; of several of the same bases the first."""
    if path is None:
        return ()
    from cistrace.io.sequences import read_sequences

    starts: dict[str, DnaSequence] = {}
    for one in read_sequences(path):
        starts.setdefault(one.bases, one)
    if not starts:
        raise InputError(f"{shown(path)}: found no sequence, expected one to begin with; name another file")
    return tuple(starts.values())
