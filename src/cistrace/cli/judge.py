"""`cistrace judge`: sequences of any designer before the judge and the checks that designs of `cistrace design` get."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cistrace.cli.extras import need_design
from cistrace.cli.reading import check_empty_folder, check_paths, model_option, threads_option
from cistrace.cli.steps import Steps
from cistrace.errors import InputError
from cistrace.io.files import whole_folder
from cistrace.io.streams import input_name, shown
from cistrace.io.terminal import printable

if TYPE_CHECKING:
    from cistrace.design.design import Design
    from cistrace.predict import Predictor
    from cistrace.reward.objective import Objective


@click.command(short_help="Judge designed sequences by a model that no search asked.")
@click.argument("sequences", metavar="FILE")
@click.option("--target", metavar="NAME", help="Cell type in which they are to be active.")
@click.option("--against", default="", metavar="NAMES", help="Cell types in which they are not, parted by commas.")
@click.option(
    "--objective", metavar="TEXT",
    help="activity, specificity, weighted, or arithmetic of cell types. [default: specificity, or activity without "
    "--against]",
)  # fmt: skip
@click.option(
    "--judge", "judge_file", type=click.Path(path_type=Path), metavar="FILE",
    help="A judge of `cistrace train judge`. [default: the shipped one]",
)  # fmt: skip
@click.option(
    "--natural", type=click.Path(path_type=Path), metavar="FILE",
    help="Natural elements: the nearest to each design is sought, and their motifs stand beside the designs'.",
)  # fmt: skip
@click.option("--trace/--no-trace", default=True, show_default=True, help="Tell traces, and ask the judge about them.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder to write.")
@model_option
@threads_option
def judge(
    sequences: str,
    target: str | None,
    against: str,
    objective: str | None,
    judge_file: Path | None,
    natural: Path | None,
    trace: bool,
    output: Path,
    model: Path | None,
    threads: int | None,
) -> None:
    """Judge the sequences of FILE, whoever designed them.

    The judge is a sequence model of another kind than the one that predicts, trained on other chromosomes. Beside it
    stand the checks that `cistrace design` makes of its own: whether a sequence lies outside of what the model knows,
    is stuffed with sites or repetitive, and whether the judge bears out what its trace tells.

    \b
    DIR holds designs.fasta, designs.tsv and report.html; standard error says what they come to.

    \b
    Examples:
      cistrace judge designs.fa --target HepG2 --against K562,WTC11 -o judged
      cistrace judge designs.fa --target K562 --natural enhancers.fa --no-trace -o judged
    """
    need_design("judge")
    check_paths([sequences, natural, judge_file], {})
    check_empty_folder(output)

    from cistrace.design.judge import judge_for
    from cistrace.design.natural import read_natural
    from cistrace.design.outcome import judge_designs
    from cistrace.design.outputs import write_outputs
    from cistrace.design.summary import summary_lines
    from cistrace.predict import Predictor
    from cistrace.reward.objective import objective_of, roles_of

    predictor = Predictor(model, threads)
    known = predictor.cell_types
    off_targets = [name for name in against.split(",") if name.strip()]
    wanted, others = roles_of(target, tuple(off_targets), known)
    aim = objective_of(objective, wanted, others, None, known)
    designs = _designs(sequences, predictor, aim)
    cells = [*aim.cell_types, *([wanted] if wanted else []), *others]
    found = judge_for(judge_file, cells, max(len(one.bases) for one in designs))
    elements = None if natural is None else read_natural(natural)
    with Steps() as say:
        report = judge_designs(designs, aim, predictor, found, wanted, others, elements, trace, say)
    with whole_folder(output) as part:
        write_outputs(report, predictor, input_name(sequences), part)
    for line in summary_lines(report):
        click.echo(printable(f"cistrace: {line}"), err=True)


def _designs(source: str, predictor: Predictor, aim: Objective) -> list[Design]:
    """The sequences of a file with what the model says of them, as designs from nowhere.

    Raises
    ------
    InputError
        None, one that the model cannot read at once, or one with other letters than A, C, G and T.
    """
    from cistrace.design.design import Design
    from cistrace.io.sequences import read_sequences

    window, towers = predictor.checkpoint.window, predictor.checkpoint.towers
    if towers is None:
        raise InputError("judge: the model has no sequence model to compare with; name another with --model")
    records = list(read_sequences(source))
    if not records:
        raise InputError(f"{input_name(source)}: found no sequence, expected designs; name another file")
    for one in records:
        if set(one.bases) - set("ACGT"):
            raise InputError(
                f"{shown(one.id)}: holds letters other than A, C, G and T; expected a design; correct or remove it"
            )
        if len(one.bases) > window:
            raise InputError(
                f"{shown(one.id)}: has {len(one.bases):,} bp, expected at most {window}, the model's window; cut it"
            )
    activities = towers.estimate([one.bases for one in records])
    values = aim.values(activities).tolist()
    said = [dict(zip(predictor.cell_types, row)) for row in activities.tolist()]
    return [
        Design(one.id, one.bases, None, None, value, by_cell, {}, 0, 0)
        for one, value, by_cell in zip(records, values, said, strict=True)
    ]
