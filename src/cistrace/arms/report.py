"""The report of arms, all of it from stored predictions: OUT/arms.md, arms.tsv, differences.tsv."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cistrace.arms.figures import (
    ALL,
    FIGURES,
    MEAN,
    ArmDifference,
    ArmFigures,
    ArmSpecificity,
    Predictions,
    arm_differences,
    arm_figures,
    arm_specificity,
    write_differences,
    write_figures,
)
from cistrace.arms.plan import Plan
from cistrace.evaluation.accuracy import PAPER_DRAW, head, row, small_draws
from cistrace.evaluation.ceiling import Ceiling
from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.contenders import Contender
from cistrace.evaluation.intervals import DRAWS
from cistrace.evaluation.report import ceilings_table
from cistrace.io.files import whole_file
from cistrace.mpra.blocks import NEIGHBOURS, chromosome_blocks
from cistrace.version import __version__

REPORT, TABLE, DIFFERENCES = "arms.md", "arms.tsv", "differences.tsv"
# What reasoning is worth: the first arm less the second.
QUESTIONS = (
    ("paper-generated", "paper-card"), ("paper-generated", "paper-filler"), ("paper-generated", "paper-paraphrase"),
    ("paper-generated", "paper-shuffled"), ("paper-oracle", "paper-generated"), ("paper-card", "sequence"),
    ("evidence-generated", "evidence-card"), ("evidence-generated", "evidence-filler"),
    ("evidence-generated", "evidence-paraphrase"), ("evidence-card", "paper-card"),
    ("shipped", "shipped-without-rest"),
)  # fmt: skip


def write_report(
    comparison: Comparison, plan: Plan, arms: Sequence[Contender], predictions: Predictions, ceilings: list[Ceiling],
    command: str, draws: int = DRAWS,
) -> Path:  # fmt: skip
    """Work out every figure and write the report and its two tables; returns the report's path."""
    figures = list(arm_figures(comparison, predictions, draws))
    gaps = list(arm_differences(comparison, predictions, draws))
    specific = list(arm_specificity(comparison, predictions, draws))
    write_figures(comparison.folder / TABLE, figures)
    write_differences(comparison.folder / DIFFERENCES, gaps)
    parts = [
        *_about(comparison, plan, command, draws),
        _arms(arms, predictions),
        "## Accuracy",
        _accuracy(figures),
        *_differences(comparison, gaps, list(predictions)),
        *_questions(comparison, gaps),
        *_specificity(specific),
        *_categories(figures),
    ]
    if len(comparison.judged) > PAPER_DRAW:
        parts += [
            "## As the paper samples: 1,000 draws of 100 elements\n\nMean and central 95 % of the draws, first seed.",
            small_draws(comparison, predictions),
        ]
    if ceilings:
        parts += ["## The ceiling", ceilings_table(ceilings)]
    path = comparison.folder / REPORT
    with whole_file(path) as part:
        part.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return path


def _about(comparison: Comparison, plan: Plan, command: str, draws: int) -> Iterator[str]:
    blocks = int(chromosome_blocks(comparison.judged).max()) + 1
    yield "# Arms"
    yield (
        f"Every arm but the shipped model is fitted anew on the same {plan.rows:,} elements of the training split of "
        f"`{comparison.source}`, every net and language model for {plan.passes} passes at {plan.batch} elements an "
        f"update ({plan.steps:,} updates; a language model's two stages take so many each), chosen and calibrated on "
        f"val, and judged once on {len(comparison.judged):,} elements of {comparison.split}. cistrace {__version__}. "
        "Made by"
    )
    yield f"    {command}"
    yield (
        f"Intervals: 95 % percentile bootstrap, {draws:,} draws of {blocks} blocks of at most {NEIGHBOURS} elements "
        "that are neighbours on a chromosome; differences are paired. An arm of several seeds has the mean of their "
        "figures."
    )


def _arms(arms: Sequence[Contender], predictions: Predictions) -> str:
    lines = head("arm", "sees", "seeds")
    return "\n".join([*lines, *(row(one.name, one.sees, len(predictions[one.name].seeds)) for one in arms)])


def _accuracy(figures: list[ArmFigures]) -> str:
    lines = head("arm", "cell type", "n", *FIGURES)
    lines += [
        row(one.arm, one.cell_type, f"{one.n:,}", *(one.figures[name] for name in FIGURES))
        for one in figures
        if one.category == ALL
    ]
    return "\n".join(lines)


def _differences(comparison: Comparison, gaps: list[ArmDifference], arms: list[str]) -> Iterator[str]:
    if len(arms) < 2:
        return
    last = arms[-1]
    yield f"Pearson of `{last}` less that of the others; every other pair is in {DIFFERENCES}."
    lines = head(f"{last} less", *comparison.cell_types, MEAN)
    for name in arms[:-1]:
        lines.append(row(name, *(_gap(gaps, last, name, cell) for cell in (*comparison.cell_types, MEAN))))
    yield "\n".join(lines)


def _questions(comparison: Comparison, gaps: list[ArmDifference]) -> Iterator[str]:
    asked = [pair for pair in QUESTIONS if any({gap.first, gap.second} == set(pair) for gap in gaps)]
    if not asked:
        return
    yield "## What reasoning is worth\n\nPearson of the first arm less that of the second."
    lines = head("first", "second", *comparison.cell_types, MEAN)
    for first, second in asked:
        lines.append(row(first, second, *(_gap(gaps, first, second, c) for c in (*comparison.cell_types, MEAN))))
    yield "\n".join(lines)


def _gap(gaps: list[ArmDifference], first: str, second: str, cell_type: str) -> str:
    for gap in gaps:
        if gap.cell_type == cell_type and (gap.first, gap.second) == (first, second):
            return gap.difference.signed()
        if gap.cell_type == cell_type and (gap.second, gap.first) == (first, second):
            return gap.difference.turned().signed()
    raise KeyError((first, second, cell_type))


def _specificity(specific: list[ArmSpecificity]) -> Iterator[str]:
    if not specific:
        return
    yield (
        "## Cell-type specificity\n\n`deviation`: Pearson of the deviation from the mean over cell types, which "
        "is how the score of the assay's authors is understood here. `pair`: Pearson of the difference between two. "
        "`top decile`: of the tenth predicted most specific (activity less the largest of the others), the "
        "share measured to be."
    )
    columns = list(dict.fromkeys((one.kind, one.name) for one in specific))
    lines = head("arm", *(f"{kind}, {name}" for kind, name in columns))
    for arm in dict.fromkeys(one.arm for one in specific):
        mine = {(one.kind, one.name): one.figure for one in specific if one.arm == arm}
        lines.append(row(arm, *(mine[column] for column in columns)))
    yield "\n".join(lines)


def _categories(figures: list[ArmFigures]) -> Iterator[str]:
    some = [one for one in figures if one.category != ALL]
    if not some:
        return
    yield f"## By category\n\nPearson; every other figure is in {TABLE}."
    columns = list(dict.fromkeys((one.category, one.cell_type) for one in some))
    lines = head("arm", *(f"{category}, {cell}" for category, cell in columns))
    for arm in dict.fromkeys(one.arm for one in some):
        mine = {(one.category, one.cell_type): one.figures["Pearson"] for one in some if one.arm == arm}
        lines.append(row(arm, *(mine[column] for column in columns)))
    yield "\n".join(lines)
