"""`cistrace evaluate`: contenders side by side on a held-out split, with intervals and figures."""

from __future__ import annotations

import logging
import shlex
import sys
from pathlib import Path

import click
from click.core import ParameterSource

from cistrace.cli.arms import ArmsCall, evaluate_anew
from cistrace.cli.extras import need_evaluation
from cistrace.cli.reading import threads_option
from cistrace.engines.cores import cores
from cistrace.errors import OutputError

NETS = ("light", "legnet", "dream")


@click.command(short_help="A model beside its rivals on a held-out split.")
@click.argument("model", required=False, metavar="[MODEL]", type=click.Path(path_type=Path))
@click.option(
    "--data", type=click.Path(path_type=Path), metavar="DIR",
    help="Data set of `reasonbench build`, or the folder of the joint lentiMPRA table. [default: CISTRACE_DATA]",
)  # fmt: skip
@click.option("--split", type=click.Choice(["val", "test"]), default="test", show_default=True)
@click.option(
    "--contenders", metavar="NAME,...",
    help="Those to judge, of the ones above. [default: gc,motifs,tower,towers,card,model, as far as the model has such "
    "parts]",
)  # fmt: skip
@click.option(
    "--against", multiple=True, metavar="NAME=MODEL",
    help="Another model or training run, as a contender of that name; may be given more than once.",
)  # fmt: skip
@click.option(
    "--towers", type=click.Path(path_type=Path), multiple=True, metavar="FILE",
    help="Another tower for the contender towers; may be given more than once.",
)  # fmt: skip
@click.option(
    "--seeds", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
    help="Of contenders that have several.",
)  # fmt: skip
@click.option("--rows", type=click.IntRange(min=1), metavar="N", help="A random sample of the split. [default: all]")
@click.option(
    "-o", "--output", "folder", type=click.Path(path_type=Path), required=True, metavar="OUT",
    help="Folder for predictions, results.md and figures; what it holds is not made again.",
)  # fmt: skip
@click.option("--arms", is_flag=True, help="Fit rivals anew at equal elements, updates and seeds: see below.")
@click.option(
    "--learning-curve", "curve", type=click.Choice(NETS), metavar="NET",
    help="Fit light, legnet or dream at 12, 25, 50 and 100 % of the training elements.",
)  # fmt: skip
@click.option(
    "--train-rows", type=click.IntRange(min=20), default=10_000, show_default=True, metavar="N",
    help="Training elements of every arm.",
)  # fmt: skip
@click.option(
    "--passes", type=click.IntRange(min=1), default=5, show_default=True, metavar="N",
    help="Of every arm over its training elements.",
)  # fmt: skip
@click.option(
    "--batch", type=click.IntRange(min=2), default=64, show_default=True, metavar="N",
    help="Elements of a weight update.",
)  # fmt: skip
@click.option(
    "--val-rows", type=click.IntRange(min=10), default=500, show_default=True, metavar="N",
    help="Elements of val for language models; other arms have all.",
)  # fmt: skip
@click.option(
    "--size", type=click.Choice(["compact", "small"]), default="compact", show_default=True,
    help="Of language models.",
)  # fmt: skip
@click.option(
    "--narrow", type=click.Choice([1, 2, 4]), default=1, show_default=True,
    help="Divides the channels of dream, for a CPU.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Arms and curve: say what they would take, and fit nothing.")
@threads_option
def evaluate(
    model: Path | None,
    data: Path | None,
    split: str,
    contenders: str | None,
    against: tuple[str, ...],
    towers: tuple[Path, ...],
    seeds: int,
    rows: int | None,
    folder: Path,
    arms: bool,
    curve: str | None,
    train_rows: int,
    passes: int,
    batch: int,
    val_rows: int,
    size: str,
    narrow: int,
    dry_run: bool,
    threads: int | None,
) -> None:
    """Judge MODEL beside its rivals: accuracy with intervals, paired differences, specificity, traces.

    MODEL is a folder of `cistrace export` or a training run; the shipped model where it is left out.

    \b
    Contenders:
      gc       GC and CpG
      motifs   gradient boosting on motif hits and dinucleotides
      legnet   LegNet trained on the training split alone, about an hour on a core
      tower    the model's own tower, as predict --no-trace gives it
      towers   all of the model's towers and those of --towers, weights fitted on val
      card     the model, from the card alone
      model    the model as it predicts, from the card and the trace it writes
      NAME     a model of --against

    \b
    Arms, with --arms; those named by --contenders, or all:
      gc                    GC and CpG, ridge
      motifs                gradient boosting on motif hits and dinucleotides
      light, legnet, dream  sequence CNNs
      sequence              a small language model on the bare sequence
      paper-*               the same on the paper's card: card (alone), generated, shuffled, oracle (traces behind it),
                            filler (of equal length), paraphrase (of the card)
      evidence-*            the same on the evidence card: card, generated, filler, paraphrase
      tower                 MODEL's own tower, not fitted anew
      shipped               MODEL as it predicts, not fitted anew
      shipped-without-rest  the same without its trace's last amount

    Every contender is fitted on train, given its intervals on val and judged once. Predictions stay in OUT, so that a
    second call with other contenders makes only those, and one that was interrupted goes on.

    \b
    Examples:
      cistrace evaluate run --data bench -o evaluation
      cistrace evaluate --data bench --contenders gc,motifs,model --against paper=run-paper -o evaluation
      cistrace evaluate --arms --data bench --dry-run -o arms
      cistrace evaluate --learning-curve light --data bench -o curve
    """
    need_evaluation()
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file; expected a folder, or a new name; choose another -o")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)

    if arms or curve is not None:
        _refuse_others(arms, curve, contenders, against, towers)
        evaluate_anew(
            ArmsCall(
                model, data, split, curve, _names(contenders), train_rows, passes, batch, val_rows, size, narrow, seeds,
                rows, folder, threads or cores(), dry_run, _anew(),
            )
        )  # fmt: skip
        return
    if dry_run:
        raise click.UsageError("--dry-run: goes with --arms or --learning-curve; leave it out")

    from cistrace.evaluation.ceiling import ceilings
    from cistrace.evaluation.comparison import open_comparison
    from cistrace.evaluation.contenders import DEFAULT, chosen, known_contenders
    from cistrace.evaluation.evaluate import evaluate as judge

    others = [_named(other) for other in against]
    known = known_contenders(model, towers, others)
    names = _names(contenders)
    if names is None:
        names = [name for name in DEFAULT if name in known]
    compared = chosen(known, [*names, *(name for name, _ in others)])
    comparison = open_comparison(data, split, folder, model, rows, threads or cores())
    command = _command(model, data, split, [one.name for one in compared], against, towers, seeds, rows)
    report = judge(comparison, compared, seeds, ceilings(data), command)
    click.echo(report.read_text(encoding="utf-8"), nl=False)


def _names(contenders: str | None) -> list[str] | None:
    return None if contenders is None else [name.strip() for name in contenders.split(",") if name.strip()]


def _refuse_others(
    arms: bool, curve: str | None, contenders: str | None, against: tuple[str, ...], towers: tuple[Path, ...]
) -> None:
    """Options that have no meaning where models are fitted anew."""
    if arms and curve is not None:
        raise click.UsageError("--arms and --learning-curve: expected one of them; make two calls")
    if against or towers:
        raise click.UsageError("--against, --towers: do not go with --arms or --learning-curve; leave them out")
    if curve is not None and contenders is not None:
        raise click.UsageError("--contenders: does not go with --learning-curve, which names its net; leave it out")


def _anew() -> str:
    """The call as a report tells it: options that were given, folders by their own names."""
    context = click.get_current_context()
    words = ["cistrace", "evaluate"]
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        value = context.params[parameter.name or ""]
        if not given or parameter.name == "threads":
            continue
        shown = value.name if isinstance(value, Path) else str(value)
        if parameter.name == "folder":
            words += ["-o", "OUT"]
        elif isinstance(parameter, click.Argument):
            words.append(shlex.quote(shown))
        else:
            words += [parameter.opts[0], *([] if value is True else [shlex.quote(shown)])]
    return " ".join(words)


def _named(other: str) -> tuple[str, Path]:
    name, sign, folder = other.partition("=")
    if not (name and sign and folder):
        raise click.BadParameter(f"found {other!r}, expected NAME=MODEL", param_hint="--against")
    return name, Path(folder)


def _command(
    model: Path | None, data: Path | None, split: str, contenders: list[str], against: tuple[str, ...],
    towers: tuple[Path, ...], seeds: int, rows: int | None,
) -> str:  # fmt: skip
    """The call as a report tells it: folders by their own names, nothing of where they lie."""
    words = ["cistrace", "evaluate"]
    words += [] if model is None else [model.name]
    words += ["--data", "$CISTRACE_DATA" if data is None else data.name, "--split", split]
    words += ["--contenders", ",".join(contenders)]
    for other in against:
        name, _, folder = other.partition("=")
        words += ["--against", f"{name}={Path(folder).name}"]
    for tower in towers:
        words += ["--towers", tower.name]
    words += ["--seeds", str(seeds)] if seeds > 1 else []
    words += ["--rows", str(rows)] if rows is not None else []
    return " ".join(word if word.startswith("$") else shlex.quote(word) for word in [*words, "-o", "OUT"])
