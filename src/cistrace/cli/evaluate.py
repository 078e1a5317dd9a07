"""`cistrace evaluate`: arms side by side on a held-out split, with intervals and figures."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from cistrace.cli.extras import need_evaluation
from cistrace.cli.reading import threads_option
from cistrace.errors import OutputError
from cistrace.io.cores import cores

DEFAULT = "gc,motifs,tower,towers,card,model"


@click.command(short_help="Arms side by side on a held-out split.")
@click.option(
    "--data", type=click.Path(path_type=Path), metavar="DIR",
    help="Data set of `reasonbench build`, or the folder of the joint lentiMPRA table. [default: CISTRACE_DATA]",
)  # fmt: skip
@click.option("--split", type=click.Choice(["val", "test"]), default="test", show_default=True)
@click.option("--arms", default=DEFAULT, show_default=True, metavar="NAME,...", help="See below.")
@click.option(
    "--seeds", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Of arms that have several."
)
@click.option(
    "--model", type=click.Path(path_type=Path), metavar="DIR",
    help="Model under evaluation: a folder of `cistrace export`, or a training run. [default: the shipped one]",
)  # fmt: skip
@click.option(
    "--towers", type=click.Path(path_type=Path), multiple=True, metavar="FILE",
    help="Another tower for the arm towers; may be given more than once.",
)  # fmt: skip
@click.option(
    "--run", "runs", multiple=True, metavar="NAME=DIR",
    help="Another model or training run, as an arm of that name; may be given more than once.",
)  # fmt: skip
@click.option("--rows", type=click.IntRange(min=10), metavar="N", help="A random sample of the split. [default: all]")
@click.option(
    "-o", "--output", "folder", type=click.Path(path_type=Path), required=True, metavar="OUT",
    help="Folder for predictions, results.md and figures; what it holds is not made again.",
)  # fmt: skip
@threads_option
def evaluate(
    data: Path | None,
    split: str,
    arms: str,
    seeds: int,
    model: Path | None,
    towers: tuple[Path, ...],
    runs: tuple[str, ...],
    rows: int | None,
    folder: Path,
    threads: int | None,
) -> None:
    """Judge a model beside its rivals: accuracy with intervals, paired differences, specificity, traces.

    \b
    Arms:
      gc       GC and CpG
      motifs   gradient boosting on motif hits and dinucleotides
      legnet   LegNet trained on the training split alone, about an hour on a core
      tower    the model's own tower
      towers   all of the model's towers and those of --towers, weights fitted on val
      card     the model, from the card alone
      model    the model, from the card and the trace it writes
      NAME     a model of --run

    Every arm is fitted on train, given its intervals on val and judged once. Predictions stay in OUT/predictions, so
    that a second call with other arms makes only those, and one that was interrupted goes on.

    \b
    Examples:
      cistrace evaluate --data bench --model run -o evaluation
      cistrace evaluate --data bench --arms gc,motifs,model --run paper=run-paper -o evaluation
    """
    need_evaluation()
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file; expected a folder, or a new name; choose another -o")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)

    from cistrace.evaluation.arms import arms as known_arms
    from cistrace.evaluation.bench import open_bench
    from cistrace.evaluation.ceiling import ceilings
    from cistrace.evaluation.evaluate import chosen
    from cistrace.evaluation.evaluate import evaluate as judge

    named = [_named(run) for run in runs]
    wanted = [*(name.strip() for name in arms.split(",") if name.strip()), *(name for name, _ in named)]
    asked = chosen(known_arms(model, towers, named), wanted)
    bench = open_bench(data, split, folder, model, rows, threads or cores())
    click.echo(judge(bench, asked, seeds, ceilings(data)).read_text(encoding="utf-8"), nl=False)


def _named(run: str) -> tuple[str, Path]:
    name, sign, folder = run.partition("=")
    if not (name and sign and folder):
        raise click.BadParameter(f"found {run!r}, expected NAME=DIR", param_hint="--run")
    return name, Path(folder)
